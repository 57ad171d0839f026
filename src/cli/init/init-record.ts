import { readFileSync, rmSync } from 'node:fs';
import { writePrivateFile } from '../../config/write-private-file.ts';
import type { DoneEdit } from './json-edits.ts';

/** What `teelamma init` did to one file. */
export interface FileRecord {
  /** Whether it made the file. */
  readonly wasMade: boolean;
  readonly edits: readonly DoneEdit[];
}

/** By absolute path. */
export type InitRecord = ReadonlyMap<string, FileRecord>;

/** What was done up to now; empty where nothing is known, or what is there is not ours. */
export function readInitRecord(file: string): InitRecord {
  try {
    const content = JSON.parse(readFileSync(file, 'utf8')) as { version: unknown; files: object };
    const files = content.version === 1 ? Object.entries(content.files) : [];
    return new Map(files.filter((entry): entry is [string, FileRecord] => isFileRecord(entry[1])));
  } catch {
    // Nothing was recorded; what can be recognised is taken back all the same.
    return new Map();
  }
}

/** Mode 0600, atomic; no file where nothing is left to record. */
export function writeInitRecord(file: string, record: InitRecord): void {
  if (record.size === 0) {
    rmSync(file, { force: true });
    return;
  }
  const content = { version: 1, files: Object.fromEntries(record) };
  writePrivateFile(file, `${JSON.stringify(content, null, 2)}\n`);
}

function isFileRecord(value: unknown): value is FileRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { wasMade, edits } = value as Record<string, unknown>;
  return typeof wasMade === 'boolean' && Array.isArray(edits) && edits.every(isDoneEdit);
}

function isDoneEdit(edit: unknown): boolean {
  const { path, key, before, made } = (edit ?? {}) as Record<string, unknown>;
  const isPath = (way: unknown) => Array.isArray(way) && way.every((name) => typeof name === 'string');
  const isText = (value: unknown) => value === undefined || typeof value === 'string';
  return isPath(path) && isText(key) && isText(before) && Array.isArray(made) && made.every(isPath);
}
