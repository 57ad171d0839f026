import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createPrivateFile } from './connection.ts';
import { isBusy } from './sqlite-errors.ts';

/**
 * The sign of life of one ledger object: an exclusive lock on a small file of its own, held until it is released or the process
 * ends. The operating system drops it whatever kills the process, and a reused process id cannot be mistaken for it. The lock is
 * taken through SQLite (`BEGIN EXCLUSIVE`, nothing is ever written), because Node has no file locks of its own; SQLite's also hold
 * between two connections of one process (https://www.sqlite.org/lockingv3.html).
 */
export class OwnerLock {
  readonly key: string;
  private readonly file: string;
  private readonly db: DatabaseSync;

  private constructor(key: string, file: string, db: DatabaseSync) {
    this.key = key;
    this.file = file;
    this.db = db;
  }

  /** Takes a lock on a new file in `folder`. */
  static create(folder: string, newId: () => string): OwnerLock {
    const key = newId().replaceAll(/[^A-Za-z0-9-]/g, '-');
    const file = ownerFile(folder, key);
    createPrivateFile(file);
    const db = lock(file);
    if (!db) throw new Error(`The new owner file ${file} is locked already: two owners were given one id`);
    return new OwnerLock(key, file, db);
  }

  /** Takes over the lock of an owner that is gone; null while it lives. Release what was taken. A missing file has no owner. */
  static takeOver(folder: string, key: string): { release(): void } | null {
    const file = ownerFile(folder, key);
    if (!existsSync(file)) return { release: () => undefined };
    const db = lock(file);
    return db ? new OwnerLock(key, file, db) : null;
  }

  /** Gives the lock up and removes its file. */
  release(): void {
    // Closed first: Windows refuses to remove an open file.
    this.db.close();
    rmSync(this.file, { force: true });
  }
}

function ownerFile(folder: string, key: string): string {
  return join(folder, `${key}.db`);
}

function lock(file: string): DatabaseSync | null {
  const db = new DatabaseSync(file);
  try {
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db.close();
    if (isBusy(error)) return null;
    throw error;
  }
}
