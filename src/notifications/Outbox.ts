import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateFile } from '../config/write-private-file.ts';
import { codeOf } from '../errors.ts';

/** A message that its receiver has not taken yet. */
export interface KeptMessage {
  /** Of letters, digits, `_` and `-`. */
  readonly id: string;
  /** When it was first to be sent, epoch ms. */
  readonly sinceMs: number;
  /** Nobody tries it before, epoch ms. */
  readonly dueMs: number;
}

/**
 * Messages on their way, a file each, so that they outlive the process that sent them. The file's name says what is known of a message
 * (`<sinceMs>.<dueMs>.<id>.json`), its content is the body as it is sent. Who wants to try one puts it off first, by renaming: of several
 * processes one can, and if it dies the message is due again when that time is over.
 */
export class Outbox {
  private readonly folder: string;

  constructor({ folder }: { readonly folder: string }) {
    this.folder = folder;
  }

  /** @throws the system's error where it cannot be written */
  add(message: KeptMessage, body: string): void {
    writePrivateFile(this.fileOf(message), body);
  }

  /** All of them, oldest first. @throws the system's error where the folder is there and cannot be read */
  list(): readonly KeptMessage[] {
    if (!statSync(this.folder, { throwIfNoEntry: false })) return [];
    return readdirSync(this.folder)
      .flatMap((name) => parseName(name) ?? [])
      .sort((a, b) => a.sinceMs - b.sinceMs || a.id.localeCompare(b.id));
  }

  /** The message with its new time; null where another process has put it off or removed it. @throws the system's error */
  postpone(message: KeptMessage, dueMs: number): KeptMessage | null {
    const later = { ...message, dueMs };
    try {
      renameSync(this.fileOf(message), this.fileOf(later));
      return later;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  /** What is to be sent; null where it is gone, or is no whole JSON, which a power cut can leave. @throws the system's error */
  body(message: KeptMessage): string | null {
    try {
      const body = readFileSync(this.fileOf(message), 'utf8');
      JSON.parse(body);
      return body;
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  /** @throws the system's error */
  remove(message: KeptMessage): void {
    rmSync(this.fileOf(message), { force: true });
  }

  private fileOf({ id, sinceMs, dueMs }: KeptMessage): string {
    return join(this.folder, `${sinceMs}.${dueMs}.${id}.json`);
  }
}

function parseName(name: string): KeptMessage | null {
  const [, since, due, id] = /^(\d{1,15})\.(\d{1,15})\.([\w-]{1,80})\.json$/.exec(name) ?? [];
  if (since === undefined || due === undefined || id === undefined) return null;
  return { id, sinceMs: Number(since), dueMs: Number(due) };
}
