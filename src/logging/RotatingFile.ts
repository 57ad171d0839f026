import { closeSync, fdatasync, fstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '../config/make-folder.ts';
import { codeOf } from '../errors.ts';
import { dayOf, listLogFiles, logFileName } from './log-files.ts';

export interface RotatingFileOptions {
  readonly folder: string;
  /** Files that are kept, the current one included; at least 2. */
  readonly maxFiles: number;
  /** Size from which the next file is begun. Each process may pass it by one line. */
  readonly maxFileBytes: number;
}

export interface RotatingFilePorts {
  readonly nowMs: () => number;
  /** An old file could not be deleted. */
  readonly onProblem: (message: string) => void;
}

interface OpenFile {
  readonly name: string;
  readonly day: string;
  readonly descriptor: number;
}

/**
 * Lines in files that several processes append to at once, rotated by UTC day and by size.
 *
 * No file is ever renamed: the current one is the highest number of the day, which every process finds by itself, and a full one is
 * left behind. Each line is one `write` with O_APPEND, which local file systems keep whole (on NFS they may tear). A line that went
 * into a file which another process deleted in that moment is written again.
 *
 * Why not pino-roll 4: its size is counted by each process alone (files of three times the limit were seen with four writers), it
 * deletes old files only when it rolls, which a command of a few seconds never does, and loading it takes 60 ms.
 */
export class RotatingFile {
  private readonly options: RotatingFileOptions;
  private readonly ports: RotatingFilePorts;
  private current: OpenFile | null = null;

  constructor(options: RotatingFileOptions, ports: RotatingFilePorts) {
    this.options = { ...options, maxFiles: Math.max(2, options.maxFiles) };
    this.ports = ports;
  }

  /** Appends one line, which ends with a newline. It is in the operating system's hands then and survives this process. @throws the system's error */
  write(line: string): void {
    const bytes = Buffer.from(line);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const file = this.fileFor(dayOf(this.ports.nowMs()));
      writeWhole(file.descriptor, bytes);
      const { nlink, size } = fstatSync(file.descriptor);
      if (nlink > 0) {
        if (size >= this.options.maxFileBytes) this.close();
        return;
      }
      this.close();
    }
    throw new Error('the file was deleted again and again while it was written');
  }

  /** Resolves when the disk has what was written. */
  async flush(): Promise<void> {
    if (this.current) await promisify(fdatasync)(this.current.descriptor);
  }

  close(): void {
    const file = this.current;
    this.current = null;
    if (file) closeSync(file.descriptor);
  }

  private fileFor(day: string): OpenFile {
    if (this.current?.day === day) return this.current;
    this.close();
    this.current = this.open(day);
    this.deleteOldFiles(this.current.name);
    return this.current;
  }

  private open(day: string): OpenFile {
    const { folder, maxFileBytes } = this.options;
    makeFolder(folder);
    let number = listLogFiles(folder).findLast((file) => file.day === day)?.number ?? 1;
    for (;;) {
      const name = logFileName(day, number);
      const descriptor = openSync(join(folder, name), 'a+', 0o600);
      try {
        const { size } = fstatSync(descriptor);
        if (size < maxFileBytes) {
          endTornLine(descriptor, size);
          return { name, day, descriptor };
        }
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
      closeSync(descriptor);
      number += 1;
    }
  }

  private deleteOldFiles(currentName: string): void {
    const others = listLogFiles(this.options.folder).filter(({ name }) => name !== currentName);
    for (const { name } of others.slice(0, Math.max(0, others.length + 1 - this.options.maxFiles))) {
      try {
        unlinkSync(join(this.options.folder, name));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') continue;
        this.ports.onProblem(
          `The old log file ${name} cannot be deleted: ${String(error)}. Delete it by hand.`,
        );
      }
    }
  }
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(descriptor, bytes, written);
  } catch (error) {
    if (written > 0) tryToEndLine(descriptor);
    throw error;
  }
}

/** After a full disk took half a line, so that the next line, whoever writes it, stands on its own. */
function tryToEndLine(descriptor: number): void {
  try {
    writeSync(descriptor, '\n');
  } catch {
    // The disk is full: whoever opens the file next ends the line.
  }
}

/** A line that a crash left half is ended, so that the next one stands on its own. At worst this adds an empty line. */
function endTornLine(descriptor: number, size: number): void {
  const last = Buffer.alloc(1);
  if (size === 0 || readSync(descriptor, last, 0, 1, size - 1) === 0) return;
  if (last[0] !== 0x0a) writeSync(descriptor, '\n');
}
