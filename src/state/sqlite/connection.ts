import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '../../config/make-folder.ts';
import { codeOf, TeelammaError } from '../../errors.ts';
import { applicationId, migrations } from './schema.ts';
import { corruptError, isBusy } from './sqlite-errors.ts';

/** How much a commit survives: `normal` a killed process, `full` a power cut too (one fsync a commit). */
export type Synchronous = 'normal' | 'full';

export interface ConnectionOptions {
  readonly file: string;
  readonly synchronous: Synchronous;
  /** Longest wait for other processes while opening. */
  readonly busyTimeoutMs: number;
}

/**
 * Opens the ledger's file, creating and migrating it where needed: folder 0700, files 0600 (SQLite gives -wal and -shm the
 * database's mode), WAL. Pages are small because a commit writes whole pages and changes a few bytes in each of a few.
 * SQLite's own busy handler stays off: writers wait in the write queue, which does not block the event loop and is fairer.
 */
export function openConnection(options: ConnectionOptions): DatabaseSync {
  createPrivateFile(options.file);
  const db = new DatabaseSync(options.file, { enableForeignKeyConstraints: false });
  try {
    waitWhileBusy(options.busyTimeoutMs, () => {
      if (integerPragma(db, 'user_version') === 0) db.exec('PRAGMA page_size = 1024');
      db.exec('PRAGMA journal_mode = WAL');
      db.exec(`PRAGMA synchronous = ${options.synchronous === 'full' ? 'FULL' : 'NORMAL'}`);
      db.exec('PRAGMA wal_autocheckpoint = 4000');
      migrate(db, options.file);
    });
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** Creates an empty file with mode 0600, in folders with mode 0700, where there is none. */
export function createPrivateFile(file: string): void {
  makeFolder(dirname(file));
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Repeats a call while another connection holds the lock. Blocks the thread, so only for what is rare and short. */
export function waitWhileBusy<T>(timeoutMs: number, call: () => T): T {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadlineMs) throw error;
      Atomics.wait(sleeper, 0, 0, 1 + Math.random() * 4);
    }
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

function migrate(db: DatabaseSync, file: string): void {
  if (integerPragma(db, 'user_version') === migrations.length) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    // Read again under the lock: another process may have migrated in between.
    const version = integerPragma(db, 'user_version');
    if (version > migrations.length) throw newerSchemaError(file, version);
    if (version === 0 && tableCount(db) > 0)
      throw corruptError(file, 'is a SQLite database of something else');
    for (const migration of migrations.slice(version)) db.exec(migration);
    db.exec(`PRAGMA application_id = ${applicationId}`);
    db.exec(`PRAGMA user_version = ${migrations.length}`);
    db.exec('COMMIT');
  } catch (error) {
    rollback(db);
    throw error;
  }
}

/** Ends a transaction that failed; SQLite may have ended it already. */
export function rollback(db: DatabaseSync): void {
  try {
    db.exec('ROLLBACK');
  } catch {
    // "no transaction is active": a full disk or an I/O error makes SQLite roll back by itself.
  }
}

function integerPragma(db: DatabaseSync, name: 'user_version'): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

function tableCount(db: DatabaseSync): number {
  return Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'] ?? 0);
}

function newerSchemaError(file: string, version: number): TeelammaError {
  return new TeelammaError(
    'state-unwritable',
    `The ledger ${file} was written by a newer version of claude-teelamma (schema ${version}; this version knows ${migrations.length}). Update claude-teelamma.`,
  );
}
