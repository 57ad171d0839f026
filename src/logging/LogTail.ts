import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { listLogFiles } from './log-files.ts';

/** How far each file was read, in bytes, by name; always just behind a newline. */
export type LogPosition = ReadonlyMap<string, number>;

const chunkBytes = 1 << 20;

/**
 * Follows the files of a log: all of them, since a process may still write into yesterday's file, or into one that others hold for
 * full. Lines are given once, whole, and in the order of their file.
 */
export class LogTail {
  private readonly folder: string;
  private readonly offsets = new Map<string, number>();

  /** Starts behind what is there already; `position` says where that is. */
  constructor(folder: string) {
    this.folder = folder;
    for (const { name } of listLogFiles(folder)) this.withFile(name, (file) => this.skipToEnd(name, file));
  }

  get position(): LogPosition {
    return new Map(this.offsets);
  }

  /** The lines that were added since the last call. A file that cannot be read just now is looked at again next time. */
  poll(): string[] {
    const files = listLogFiles(this.folder);
    const present = new Set(files.map(({ name }) => name));
    for (const name of this.offsets.keys()) if (!present.has(name)) this.offsets.delete(name);
    return files.flatMap(({ name }) => this.withFile(name, (file) => this.readNew(name, file)) ?? []);
  }

  private withFile<T>(name: string, use: (descriptor: number) => T): T | null {
    let descriptor: number;
    try {
      descriptor = openSync(join(this.folder, name), 'r');
    } catch {
      return null;
    }
    try {
      return use(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Behind the last whole line. */
  private skipToEnd(name: string, descriptor: number): void {
    const { size } = fstatSync(descriptor);
    const chunk = Buffer.alloc(Math.min(chunkBytes, size));
    const length = readSync(descriptor, chunk, 0, chunk.length, size - chunk.length);
    this.offsets.set(name, size - chunk.length + chunk.subarray(0, length).lastIndexOf(0x0a) + 1);
  }

  private readNew(name: string, descriptor: number): string[] {
    const { size } = fstatSync(descriptor);
    let offset = this.offsets.get(name) ?? 0;
    // Emptied by hand: what is in it now is new.
    if (size < offset) offset = 0;
    const lines: string[] = [];
    const chunk = Buffer.alloc(Math.min(chunkBytes, size - offset));
    while (offset < size) {
      const length = readSync(descriptor, chunk, 0, Math.min(chunk.length, size - offset), offset);
      const end = chunk.subarray(0, length).lastIndexOf(0x0a) + 1;
      // No newline in a whole chunk is no line of ours; it is passed over, and its rest counts as broken.
      const used = end > 0 ? end : length === chunkBytes ? length : 0;
      if (used === 0) break;
      lines.push(
        ...chunk
          .toString('utf8', 0, used)
          .split('\n')
          .filter((line) => line.trim() !== ''),
      );
      offset += used;
    }
    this.offsets.set(name, offset);
    return lines;
  }
}
