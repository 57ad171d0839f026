import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateFile } from '../../config/write-private-file.ts';
import { messageOf, TeelammaError } from '../../errors.ts';
import { type DebtEntry, debtEntryForm, doubtOf } from './DebtEntry.ts';

/** 2 MB: a task may have 1 MB, and few answers are longer than a tenth of that. */
const largestEntryBytes = 2_000_000;
/** The oldest go first. */
const mostEntries = 200;

export interface DebtStoreOptions {
  /** A folder of its own in the installation's state. */
  readonly folder: string;
  /** How long an entry is kept. */
  readonly keepMs: number;
}

export interface DebtStorePorts {
  readonly nowMs: () => number;
}

/**
 * Keeps what Ollama did for want of budget, one file each, readable for the user alone, until it is dropped or expires. Unlike logs it
 * holds tasks and answers as they are, since nobody can review what was not kept.
 */
export class DebtStore {
  private readonly options: DebtStoreOptions;
  private readonly nowMs: () => number;

  constructor(options: DebtStoreOptions, ports: DebtStorePorts) {
    this.options = options;
    this.nowMs = ports.nowMs;
  }

  /**
   * Adds an entry; its times are set here. False where it is too large to be kept.
   * @throws TeelammaError `state-unwritable`
   */
  add(entry: Omit<DebtEntry, 'version' | 'atMs' | 'expiresAtMs' | 'review'>): boolean {
    const atMs = this.nowMs();
    const whole = {
      version: 1 as const,
      ...entry,
      atMs,
      expiresAtMs: atMs + this.options.keepMs,
      review: null,
    };
    if (Buffer.byteLength(JSON.stringify(whole)) > largestEntryBytes) return false;
    this.write(whole);
    this.prune();
    return true;
  }

  /** Replaces what is known of an entry. @throws TeelammaError `state-unwritable` */
  write(entry: DebtEntry): void {
    const file = this.fileOf(entry.taskId);
    try {
      writePrivateFile(file, JSON.stringify(entry));
    } catch (cause) {
      const problem = messageOf(cause);
      throw new TeelammaError('state-unwritable', `${file} cannot be written: ${problem}`, { cause });
    }
  }

  /** Everything that is owed, what is doubted most first; what has expired is deleted. */
  list(): readonly DebtEntry[] {
    return this.read().sort((a, b) => doubtOf(b) - doubtOf(a) || a.atMs - b.atMs);
  }

  /**
   * The entry whose id begins like this.
   * @throws TeelammaError `invalid-argument` where there is none, or more than one.
   */
  find(id: string): DebtEntry {
    const [found, other] = this.read().filter(({ taskId }) => id !== '' && taskId.startsWith(id));
    if (found && !other) return found;
    const problem = found
      ? `Several debts begin with "${id}"; give more of the id.`
      : `No debt begins with "${id}".`;
    throw new TeelammaError('invalid-argument', `${problem} \`teelamma debt\` lists them.`);
  }

  drop(taskId: string): void {
    rmSync(this.fileOf(taskId), { force: true });
  }

  private read(): DebtEntry[] {
    const nowMs = this.nowMs();
    return this.names().flatMap((name) => {
      const file = join(this.options.folder, name);
      const entry = readEntry(file);
      if (entry && entry.expiresAtMs <= nowMs) rmSync(file, { force: true });
      return entry && entry.expiresAtMs > nowMs ? [entry] : [];
    });
  }

  private prune(): void {
    const oldest = this.read().sort((a, b) => a.atMs - b.atMs);
    for (const { taskId } of oldest.slice(0, Math.max(0, oldest.length - mostEntries))) this.drop(taskId);
  }

  private names(): readonly string[] {
    try {
      return readdirSync(this.options.folder).filter((name) => name.endsWith('.json'));
    } catch {
      // No folder: nothing was ever owed.
      return [];
    }
  }

  private fileOf(taskId: string): string {
    return join(this.options.folder, `${taskId.replaceAll(/[^\w-]/g, '_')}.json`);
  }
}

/** Null for a file that is damaged, or that another process has just deleted. */
function readEntry(file: string): DebtEntry | null {
  try {
    return debtEntryForm.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}
