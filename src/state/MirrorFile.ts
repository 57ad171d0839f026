import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../config/make-folder.ts';
import { messageOf, TeelammaError } from '../errors.ts';

export interface MirrorFileOptions {
  readonly file: string;
  /** Least time between two writes of changes that go on and on. Default 250 ms. */
  readonly restMs?: number;
}

export interface MirrorFilePorts<Content> {
  /** The truth, as of the call. */
  readonly content: () => Content;
  /** Whether a reader would learn nothing new; what moves with the clock alone is not to count. */
  readonly isSame: (one: Content, other: Content) => boolean;
  readonly onWarning: (message: string) => void;
}

/** Changes within this time are written once. */
const coalesceMs = 50;
/** Five system calls and a rename twenty times a second were 4 % of a busy gateway. */
const usualRestMs = 250;
/** A file that other processes keep changing is left to them after so many rounds. */
const mostRounds = 5;

/**
 * A JSON copy of what the ledger says, for readers that shall not open it. It is written to a temporary file and renamed, mode 0600,
 * so a reader sees an old or a new one, never a half; bursts of changes are written once, and the last state always is. After each
 * write the truth is asked again: with several processes writing, the one that renames last may have read first.
 */
export class MirrorFile<Content> {
  protected readonly file: string;
  protected readonly ports: MirrorFilePorts<Content>;
  private readonly restMs: number;
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> | null = null;
  private restUntilMs = 0;

  constructor(options: MirrorFileOptions, ports: MirrorFilePorts<Content>) {
    this.file = options.file;
    this.restMs = options.restMs ?? usualRestMs;
    this.ports = ports;
  }

  /** Writes soon, within the rest time. Cheap: called after each commit. */
  changed(): void {
    if (this.timer !== null) return;
    const delayMs = Math.min(this.restMs, Math.max(coalesceMs, this.restUntilMs - performance.now()));
    this.timer = setTimeout(() => {
      this.timer = null;
      this.restUntilMs = performance.now() + this.restMs;
      this.save().catch((error: unknown) => this.ports.onWarning(messageOf(error)));
    }, delayMs);
  }

  /** Writes now; resolves when the file says what is true at the time of the call, or later. @throws TeelammaError `state-unwritable` */
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
    // One that waited for the write before it begins when that one ends.
    while (this.writing) await this.writing.catch(() => undefined);
  }

  protected unwritable(what: string, cause: unknown): TeelammaError {
    return new TeelammaError(
      'state-unwritable',
      `The budget file ${this.file} ${what}: ${messageOf(cause)}. The budget itself is in the ledger; check the permissions of the file and its folder.`,
      { cause },
    );
  }

  private async write(): Promise<void> {
    const temporary = `${this.file}.${crypto.randomUUID()}.tmp`;
    try {
      makeFolder(dirname(this.file));
      let content = this.ports.content();
      for (let round = 0; round < mostRounds; round += 1) {
        await writeFile(temporary, `${JSON.stringify(content)}\n`, { mode: 0o600, flag: 'wx' });
        await rename(temporary, this.file);
        const latest = this.ports.content();
        if (this.ports.isSame(latest, content)) return;
        // This process's own next change is about to be written anyway.
        if (this.timer) return;
        content = latest;
      }
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error instanceof TeelammaError ? error : this.unwritable('cannot be written', error);
    }
  }
}
