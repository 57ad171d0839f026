import { lstatSync, mkdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf } from '../../errors.ts';
import { Refusal } from '../Refusal.ts';
import { readImage } from '../read-image.ts';
import { type Owner, syncFolder, writeDurably } from './durable-files.ts';
import { type Journal, type JournalEntry, type Stamp, sameStamp, stampOf } from './Journal.ts';

/** What a journal's file holds now. `other`: somebody else has changed it, or something stands in its way. */
export type FileState = 'before' | 'after' | 'other';

/** A file holds neither what was there before nor what comes after: whoever changed it is not written over. */
export class FileChangedError extends Error {
  readonly path: string;

  constructor(path: string) {
    super(`${path} was changed by somebody else`);
    this.path = path;
  }
}

/** How a journal's files stand, in its order. */
export function statesOf(journal: Journal): readonly FileState[] {
  const { folder, entries } = journal.manifest;
  return entries.map((entry) => stateOf(folder, entry));
}

/**
 * Brings every file to what comes after, from wherever an earlier attempt was left: first everything is written beside its place, then
 * what is to go goes, then each file takes its place by a rename.
 * @throws FileChangedError, and the system's errors
 */
export function carryOut(journal: Journal): void {
  const { folder, entries } = journal.manifest;
  const expectState = (entry: JournalEntry): FileState => {
    const state = stateOf(folder, entry);
    if (state === 'other') throw new FileChangedError(entry.path);
    return state;
  };
  for (const [index, entry] of entries.entries()) {
    const image = journal.image(index, 'after');
    if (image === null || expectState(entry) === 'after') continue;
    makeFolders(folder, entry.path);
    rmSync(temporaryFile(folder, entry), { force: true });
    writeDurably(temporaryFile(folder, entry), image.content, image.mode, ownerOf(folder, entry));
  }
  for (const entry of entries) {
    if (entry.after === null && expectState(entry) === 'before') unlinkSync(fileOf(folder, entry));
  }
  for (const entry of entries) {
    if (entry.after === null) continue;
    if (expectState(entry) === 'before') renameSync(temporaryFile(folder, entry), fileOf(folder, entry));
  }
  cleanUp(journal);
}

/** Brings every file that holds what comes after back to what was there before; what somebody else has changed since is left alone. */
export function takeBack(journal: Journal): void {
  const { folder, entries } = journal.manifest;
  for (const [index, entry] of entries.entries()) {
    if (stateOf(folder, entry) !== 'after') continue;
    const image = journal.image(index, 'before');
    const temporary = temporaryFile(folder, entry);
    if (image === null) {
      unlinkSync(fileOf(folder, entry));
      continue;
    }
    makeFolders(folder, entry.path);
    rmSync(temporary, { force: true });
    writeDurably(temporary, image.content, image.mode, ownerOf(folder, entry));
    renameSync(temporary, fileOf(folder, entry));
  }
  cleanUp(journal);
}

/** Removes what was written beside, and folders that are empty by this change; then all of it is on disk. */
function cleanUp(journal: Journal): void {
  const { folder, entries } = journal.manifest;
  for (const entry of entries) {
    rmSync(temporaryFile(folder, entry), { force: true });
    const isGone = lstatSync(fileOf(folder, entry), { throwIfNoEntry: false }) === undefined;
    if (isGone) removeEmptyFolders(folder, dirname(fileOf(folder, entry)));
  }
  for (const parent of new Set(entries.map((entry) => dirname(fileOf(folder, entry))))) syncNearest(parent);
}

function stateOf(folder: string, entry: JournalEntry): FileState {
  if (!isPlainWay(folder, entry.path)) return 'other';
  const now = stampAt(folder, entry.path);
  if (now === 'unreadable') return 'other';
  if (sameStamp(now, entry.after)) return 'after';
  return sameStamp(now, entry.before) ? 'before' : 'other';
}

function stampAt(folder: string, path: string): Stamp | 'unreadable' {
  const image = readImage(folder, path, Number.MAX_SAFE_INTEGER);
  return image instanceof Refusal ? 'unreadable' : stampOf(image);
}

/** Whether every folder on the way, as far as there are any, is a folder and no link. */
function isPlainWay(folder: string, path: string): boolean {
  let at = folder;
  for (const part of path.split('/').slice(0, -1)) {
    at = join(at, part);
    const stats = lstatSync(at, { throwIfNoEntry: false });
    if (stats === undefined) return true;
    if (!stats.isDirectory()) return false;
  }
  return true;
}

/** As the user's own would be made; there is no link on the way, since the file's state was looked at just before. */
function makeFolders(folder: string, path: string): void {
  let at = folder;
  for (const part of path.split('/').slice(0, -1)) {
    const above = at;
    at = join(at, part);
    if (lstatSync(at, { throwIfNoEntry: false }) !== undefined) continue;
    mkdirSync(at);
    syncFolder(above);
  }
}

function removeEmptyFolders(root: string, start: string): void {
  for (let at = start; at !== root && at.startsWith(root); at = dirname(at)) {
    try {
      rmdirSync(at);
    } catch (error) {
      // Gone already, or somebody else's files are in it.
      if (codeOf(error) !== 'ENOENT') return;
    }
  }
}

function syncNearest(folder: string): void {
  for (let at = folder; ; at = dirname(at)) {
    if (lstatSync(at, { throwIfNoEntry: false }) !== undefined) {
      syncFolder(at);
      return;
    }
  }
}

/** Whose file it is that is to be replaced; undefined for a new one. */
function ownerOf(folder: string, entry: JournalEntry): Owner | undefined {
  return lstatSync(fileOf(folder, entry), { throwIfNoEntry: false });
}

function fileOf(folder: string, entry: JournalEntry): string {
  return join(folder, ...entry.path.split('/'));
}

function temporaryFile(folder: string, entry: JournalEntry): string {
  return join(dirname(fileOf(folder, entry)), entry.temporaryName);
}
