import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { writePrivateFile } from '../config/write-private-file.ts';
import { codeOf, messageOf } from '../errors.ts';
import { type KnownLimits, parseLimitsFile } from './limits-file.ts';
import { limitInReserve, parseLimitHeaders, type ReportedLimit, reserveReason } from './reported-limit.ts';

export interface ReportedLimitsOptions {
  /** Shared by all processes of the installation. */
  readonly file: string;
  /** Share of a limit, 0 to 1, that is left to Claude's other uses; 0: none. */
  readonly reserveShare: number;
  /** Shortest time between two writes of the file. Default 0: each answer is written. */
  readonly writeEveryMs?: number;
  /** How long the file's content is trusted before it is looked at again. Default 0. */
  readonly readEveryMs?: number;
}

export interface ReportedLimitsPorts {
  readonly nowMs: () => number;
  /** Told where the file cannot be read or written, once for each; what this process saw itself still counts. */
  readonly onProblem: (message: string) => void;
}

/** A limit that is in the reserve now. */
export interface ReserveReached {
  readonly limit: ReportedLimit;
  readonly resetAtMs: number;
  /** A sentence without its full stop. */
  readonly reason: string;
}

/** A gateway may see many credentials; the ones seen longest ago are forgotten. */
const mostCredentials = 50;

/**
 * What Claude itself reported of its limits with its latest answers, for each credential, shared by all processes of an installation.
 * Credentials are known by a hash alone. Knowledge, not a promise: where the file is lost, the next answer brings it back.
 */
export class ReportedLimits {
  private readonly options: Required<ReportedLimitsOptions>;
  private readonly ports: ReportedLimitsPorts;
  private readonly own: KnownLimits = new Map();
  private stored: KnownLimits = new Map();
  private readAtMs: number | null = null;
  private readVersion = '';
  private writtenAtMs: number | null = null;
  private timer: NodeJS.Timeout | null = null;
  private readonly told = new Set<string>();
  /** The credential seen last, with its id: a hash for each request would cost more than all else here. */
  private lastSeen = { credential: '', id: '' };

  constructor(options: ReportedLimitsOptions, ports: ReportedLimitsPorts) {
    this.options = { writeEveryMs: 0, readEveryMs: 0, ...options };
    this.ports = ports;
  }

  /** Takes over what an answer's headers report; nothing where they report nothing. `credential`: key or token. */
  note(credential: string, headers: Iterable<readonly [name: string, value: string]>): void {
    if (credential === '') return;
    const nowMs = this.ports.nowMs();
    const limits = parseLimitHeaders(headers, nowMs);
    if (limits.length === 0) return;
    const id = this.idOf(credential);
    const before = this.inReserve(id, nowMs);
    const known = this.own.get(id) ?? new Map<string, ReportedLimit>();
    for (const limit of limits) known.set(limit.name, limit);
    this.own.delete(id);
    this.own.set(id, known);
    forgetOldest(this.own);
    const changesWay = (before === null) !== (this.inReserve(id, nowMs) === null);
    this.writeSoon(nowMs, changesWay);
  }

  /** The latest of each limit of a credential, as this or another process saw it, also where it has reset since. */
  of(credential: string): readonly ReportedLimit[] {
    return credential === '' ? [] : this.latest(this.idOf(credential));
  }

  /** Whether a call with this credential would take from the reserve, and why; null where it would not. */
  reserveReached(credential: string): ReserveReached | null {
    if (credential === '' || this.options.reserveShare === 0) return null;
    this.read();
    if (this.own.size === 0 && this.stored.size === 0) return null;
    const limit = this.inReserve(this.idOf(credential), this.ports.nowMs());
    if (limit === null) return null;
    return { limit, resetAtMs: limit.resetAtMs, reason: reserveReason(limit, this.options.reserveShare) };
  }

  /** Writes what is not written yet. */
  flush(): void {
    if (this.timer === null) return;
    clearTimeout(this.timer);
    this.timer = null;
    this.write();
  }

  private idOf(credential: string): string {
    if (this.lastSeen.credential !== credential) {
      this.lastSeen = { credential, id: credentialId(credential) };
    }
    return this.lastSeen.id;
  }

  private inReserve(id: string, nowMs: number): ReturnType<typeof limitInReserve> {
    return limitInReserve(this.latest(id), this.options.reserveShare, nowMs);
  }

  private latest(id: string): ReportedLimit[] {
    this.read();
    return [...mergeLimits(this.stored.get(id), this.own.get(id)).values()];
  }

  private writeSoon(nowMs: number, atOnce: boolean): void {
    const { writeEveryMs } = this.options;
    const sinceMs = this.writtenAtMs === null ? Number.POSITIVE_INFINITY : nowMs - this.writtenAtMs;
    if (atOnce || sinceMs < 0 || sinceMs >= writeEveryMs) {
      if (this.timer !== null) clearTimeout(this.timer);
      this.timer = null;
      this.write();
      return;
    }
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.write();
    }, writeEveryMs - sinceMs);
    this.timer.unref();
  }

  private read(): void {
    const { file, readEveryMs } = this.options;
    const nowMs = this.ports.nowMs();
    const ageMs = this.readAtMs === null ? Number.POSITIVE_INFINITY : nowMs - this.readAtMs;
    if (ageMs >= 0 && ageMs < readEveryMs) return;
    this.readAtMs = nowMs;
    try {
      const { mtimeMs, ino, size } = statSync(file);
      const version = `${mtimeMs} ${ino} ${size}`;
      if (version === this.readVersion) return;
      this.readVersion = version;
      this.stored = parseLimitsFile(JSON.parse(readFileSync(file, 'utf8')));
    } catch (error) {
      this.stored = new Map();
      if (codeOf(error) === 'ENOENT') return;
      this.tell(
        `What Claude reported of its limits cannot be read from ${file}, so it is not known until Claude answers again: ${messageOf(error)}. The next answer writes the file anew; nothing needs to be done.`,
      );
    }
  }

  /** Several processes may write: each adds what it saw to what is there; of the same limit the later sight counts. */
  private write(): void {
    const { file } = this.options;
    this.writtenAtMs = this.ports.nowMs();
    this.readAtMs = null;
    this.read();
    const all: KnownLimits = new Map(this.stored);
    for (const [id, limits] of this.own) all.set(id, mergeLimits(all.get(id), limits));
    forgetOldest(all);
    try {
      const credentials = Object.fromEntries([...all].map(([id, limits]) => [id, [...limits.values()]]));
      writePrivateFile(file, JSON.stringify({ version: 1, credentials }));
    } catch (error) {
      this.tell(`What Claude reported of its limits could not be kept in ${file}: ${messageOf(error)}`);
    }
  }

  private tell(problem: string): void {
    if (this.told.has(problem)) return;
    this.told.add(problem);
    this.ports.onProblem(problem);
  }
}

/** Says which credential without saying it: keys are long and random, so that nobody finds one by its hash. */
export function credentialId(credential: string): string {
  const secret = credential.replace(/^Bearer\s+/i, '');
  return createHash('sha256').update(`claude-teelamma limits\n${secret}`).digest('hex').slice(0, 16);
}

function mergeLimits(
  one: ReadonlyMap<string, ReportedLimit> | undefined,
  other: ReadonlyMap<string, ReportedLimit> | undefined,
): Map<string, ReportedLimit> {
  const merged = new Map(one);
  for (const [name, limit] of other ?? []) {
    const known = merged.get(name);
    if (known === undefined || known.seenAtMs <= limit.seenAtMs) merged.set(name, limit);
  }
  return merged;
}

function forgetOldest(known: KnownLimits): void {
  if (known.size <= mostCredentials) return;
  const seen = (limits: ReadonlyMap<string, ReportedLimit>) =>
    Math.max(...[...limits.values()].map(({ seenAtMs }) => seenAtMs));
  const byAge = [...known].sort(([, a], [, b]) => seen(a) - seen(b));
  for (const [id] of byAge.slice(0, known.size - mostCredentials)) known.delete(id);
}
