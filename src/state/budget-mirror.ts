import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../config/make-folder.ts';
import { TeelammaError } from '../errors.ts';

/** What `token_budget.json` says: tokens, or for a budget of money whole micro-dollars. */
export interface MirrorContent {
  /** Tokens settled and held in the current window. */
  readonly used: number;
  /** End of the window, epoch ms. */
  readonly resetTime: number;
  /** The limit, whatever the window's length. */
  readonly dailyLimit: number;
  /** Absent: tokens. */
  readonly unit?: 'micro-usd';
}

export interface BudgetMirrorPorts {
  /** The truth, as of the call. */
  readonly content: () => MirrorContent;
  readonly onWarning: (message: string) => void;
}

/** Changes within this time are written once. */
const coalesceMs = 50;
/** Least time between two writes of changes that go on and on: five system calls and a rename twenty times a second were 4 % of a busy gateway. */
const restMs = 250;
/** A file that other processes keep changing is left to them after so many rounds. */
const mostRounds = 5;

/**
 * The JSON copy of a budget. It is written to a temporary file and renamed, mode 0600, so a reader sees an old or a new one, never
 * a half; bursts of changes are written once, and the last state always is. After each write the truth is asked again: with
 * several processes writing, the one that renames last may have read first.
 */
export class BudgetMirror {
  private readonly file: string;
  private readonly ports: BudgetMirrorPorts;
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> | null = null;
  private restUntilMs = 0;

  constructor(options: { readonly file: string }, ports: BudgetMirrorPorts) {
    this.file = options.file;
    this.ports = ports;
  }

  /** The file's content; null where there is none, where it cannot be read, and where it is corrupt, which sets it aside. */
  async read(nowMs: number): Promise<MirrorContent | null> {
    let text: string;
    try {
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return null;
      this.ports.onWarning(this.unwritable('cannot be read', error).message);
      return null;
    }
    const content = parseMirror(text);
    if (content) return content;
    await this.setAside(nowMs);
    return null;
  }

  /** Writes soon, within 250 ms. Cheap: called after each commit. */
  changed(): void {
    if (this.timer !== null) return;
    const delayMs = Math.min(restMs, Math.max(coalesceMs, this.restUntilMs - performance.now()));
    this.timer = setTimeout(() => {
      this.timer = null;
      this.restUntilMs = performance.now() + restMs;
      this.save().catch((error: unknown) => this.ports.onWarning(messageOf(error)));
    }, delayMs);
  }

  /** Writes now; resolves when the file says what is true at the time of the call, or later. */
  async save(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    // A write that is under way may have read before this call: wait for it, then write again.
    while (this.writing) await this.writing.catch(() => undefined);
    this.writing = this.write().finally(() => {
      this.writing = null;
    });
    await this.writing;
  }

  /** Writes what is left to be written. */
  async stop(): Promise<void> {
    if (this.timer) {
      await this.save().catch((error: unknown) => this.ports.onWarning(messageOf(error)));
    }
    await this.writing?.catch(() => undefined);
  }

  private async write(): Promise<void> {
    const temporary = `${this.file}.${randomUUID()}.tmp`;
    try {
      makeFolder(dirname(this.file));
      let content = this.ports.content();
      for (let round = 0; round < mostRounds; round += 1) {
        await writeFile(temporary, `${JSON.stringify(content)}\n`, { mode: 0o600, flag: 'wx' });
        await rename(temporary, this.file);
        const latest = this.ports.content();
        if (latest.used === content.used && latest.dailyLimit === content.dailyLimit) return;
        // This process's own next change is about to be written anyway.
        if (this.timer) return;
        content = latest;
      }
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error instanceof TeelammaError ? error : this.unwritable('cannot be written', error);
    }
  }

  private async setAside(nowMs: number): Promise<void> {
    const aside = `${this.file}.corrupt-${new Date(nowMs).toISOString().replaceAll(':', '-')}`;
    try {
      await rename(this.file, aside);
    } catch (error) {
      // Another process that found it corrupt too was quicker.
      if (hasCode(error, 'ENOENT')) return;
      this.ports.onWarning(this.unwritable('is corrupt and cannot be set aside', error).message);
      return;
    }
    this.ports.onWarning(
      `${this.file} was not a valid budget file. It was moved to ${aside} and written anew from the ledger, which has every token; nothing was lost.`,
    );
  }

  private unwritable(what: string, cause: unknown): TeelammaError {
    return new TeelammaError(
      'state-unwritable',
      `The budget file ${this.file} ${what}: ${messageOf(cause)}. The budget itself is in the ledger; check the permissions of the file and its folder.`,
      { cause },
    );
  }
}

/** The content of a budget file for one who only looks: null where it is absent, unreadable or corrupt, and nothing is changed. */
export function readMirror(file: string): MirrorContent | null {
  try {
    return parseMirror(readFileSync(file, 'utf8'));
  } catch {
    // The one who writes the file reports what is wrong with it.
    return null;
  }
}

/** The content of `token_budget.json`; null for anything else. By hand and not with zod: reading three numbers is not worth the time that loading it adds to every start. */
export function parseMirror(text: string): MirrorContent | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null) return null;
  if (!('used' in parsed && 'resetTime' in parsed && 'dailyLimit' in parsed)) return null;
  const { used, resetTime, dailyLimit } = parsed;
  const unit = 'unit' in parsed && parsed.unit === 'micro-usd' ? { unit: 'micro-usd' as const } : {};
  if (!isCount(used) || !isCount(resetTime) || !isCount(dailyLimit)) return null;
  return { used, resetTime, dailyLimit, ...unit };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
