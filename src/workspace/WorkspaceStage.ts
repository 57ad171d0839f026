import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FileChange, FileImage } from './FileChange.ts';
import { defaultLimits, type WorkspaceLimits } from './limits.ts';
import { areOneName, locate, type WorkspaceRoot } from './locate.ts';
import { openRoot } from './open-root.ts';
import { parsePath } from './parse-path.ts';
import { Refusal } from './Refusal.ts';
import { readImage } from './read-image.ts';

export interface StageOptions {
  readonly limits?: Partial<WorkspaceLimits>;
  /** Absolute folders that no task may touch, such as the installation's own. */
  readonly closedFolders?: readonly string[];
}

/** A file as the task sees it. */
export interface StagedFile {
  /** Relative to the workspace, links resolved. */
  readonly path: string;
  readonly image: FileImage;
}

/** The staged files at one moment. */
export type StageSnapshot = ReadonlyMap<string, StagedEntry>;

interface StagedEntry {
  /** What the disk held when the task first changed it; null for nothing. */
  readonly before: FileImage | null;
  /** What the task made of it; null for deleted. */
  readonly after: FileImage | null;
}

/** The mode of a file that a task makes. */
const newFileMode = 0o644;

/**
 * A workspace as a task leaves it, over the folder as it is: reads see what was staged, else the disk; nothing is ever written to the
 * folder. Changed files are kept in memory, within the limits. The stage has no links, so a task can make none.
 *
 * @example
 * const stage = WorkspaceStage.open('/home/me/shop');
 * const refusal = stage.write('src/cart.ts', Buffer.from('export {};\n'));
 * stage.changes();
 */
export class WorkspaceStage {
  readonly limits: WorkspaceLimits;
  private readonly root: WorkspaceRoot;
  private entries = new Map<string, StagedEntry>();
  private changeCount = 0;

  private constructor(root: WorkspaceRoot, limits: WorkspaceLimits) {
    this.root = root;
    this.limits = limits;
  }

  /** @throws TeelammaError `invalid-argument` where the folder is none, or cannot be read */
  static open(folder: string, options: StageOptions = {}): WorkspaceStage {
    const root = openRoot(folder, options.closedFolders ?? []);
    return new WorkspaceStage(root, { ...defaultLimits, ...options.limits });
  }

  /** Absolute, with links resolved. */
  get folder(): string {
    return this.root.folder;
  }

  /** Goes up with every change, so that two looks at the stage can be told apart. */
  get revision(): number {
    return this.changeCount;
  }

  /** The canonical form of a path, whether or not a file is there; refuses what lies outside, and folders. */
  resolve(given: string): string | Refusal {
    const parts = parsePath(given, this.root.folder);
    if (parts instanceof Refusal) return parts;
    if (parts.length === 0) return new Refusal('The path names the workspace itself. Name a file in it.');
    const place = locate(this.root, parts);
    if (place instanceof Refusal) return place;
    if (place.stats?.isDirectory())
      return new Refusal(`${place.path} is a folder. Name a file in it; list_files shows them.`);
    if (place.stats !== null) return place.path;
    const composed = place.path.normalize('NFC');
    return [...this.entries.keys()].find((path) => path.normalize('NFC') === composed) ?? place.path;
  }

  /** The canonical form of a folder's path, '' for the workspace itself; a folder need not be there. */
  resolveFolder(given: string): string | Refusal {
    const parts = parsePath(given, this.root.folder);
    if (parts instanceof Refusal) return parts;
    const place = locate(this.root, parts);
    return place instanceof Refusal ? place : place.path;
  }

  /** Whether there is such a folder as the task sees it, also where nothing is left in it. */
  hasFolder(path: string): boolean {
    const stats = lstatSync(join(this.root.folder, ...path.split('/')), { throwIfNoEntry: false });
    if (stats?.isDirectory()) return true;
    return [...this.entries].some(([at, { after }]) => after !== null && at.startsWith(`${path}/`));
  }

  /** A file as the task sees it; refuses with what there is instead where there is none. */
  read(given: string): StagedFile | Refusal {
    const path = this.resolve(given);
    if (path instanceof Refusal) return path;
    const image = this.imageAt(path);
    if (image instanceof Refusal) return image;
    return image === null ? new Refusal(this.absence(path)) : { path, image };
  }

  /** The image at a canonical path; null for none. */
  imageAt(path: string): FileImage | null | Refusal {
    const entry = this.entries.get(path);
    return entry ? entry.after : readImage(this.root.folder, path, this.limits.maxReadBytes);
  }

  /** Stages a file's whole new content; a file that is there keeps its mode. Gives its canonical path. */
  write(given: string, content: Buffer, mode?: number): string | Refusal {
    const path = this.resolve(given);
    if (path instanceof Refusal) return path;
    const current = this.imageAt(path);
    if (current instanceof Refusal) return current;
    const { maxFileBytes } = this.limits;
    if (content.length > maxFileBytes) {
      return new Refusal(
        `${path} would be ${content.length} bytes long; at most ${maxFileBytes} may be written. Split it into smaller files.`,
      );
    }
    const obstacle = current === null ? this.obstacleTo(path) : null;
    if (obstacle) return new Refusal(obstacle);
    return this.put(path, { content, mode: mode ?? current?.mode ?? newFileMode }) ?? path;
  }

  /** Stages that a file is gone. Gives its canonical path. */
  remove(given: string): string | Refusal {
    const file = this.read(given);
    if (file instanceof Refusal) return file;
    return this.put(file.path, null) ?? file.path;
  }

  /** Stages a file under another path, where none may be yet; its mode goes along. */
  rename(from: string, to: string): { readonly from: string; readonly to: string } | Refusal {
    const file = this.read(from);
    if (file instanceof Refusal) return file;
    const target = this.resolve(to);
    if (target instanceof Refusal) return target;
    const [oldName, newName] = [file.path, target];
    if (oldName === newName)
      return new Refusal(`${oldName} has this name already on this file system. Nothing was changed.`);
    const current = newName === target ? this.imageAt(target) : null;
    if (current instanceof Refusal) return current;
    if (current !== null)
      return new Refusal(`${target} is there already. Delete it first, or choose another name.`);
    const before = this.entries.get(oldName);
    const refused = this.put(oldName, null);
    if (refused) return refused;
    const obstacle = this.obstacleTo(newName);
    const problem = obstacle === null ? this.put(newName, file.image) : new Refusal(obstacle);
    if (!problem) return { from: oldName, to: newName };
    if (before) this.entries.set(oldName, before);
    else this.entries.delete(oldName);
    return problem;
  }

  /** Every file that differs from what the disk held, by path. */
  changes(): readonly FileChange[] {
    const changes: FileChange[] = [];
    for (const [path, { before, after }] of this.entries) {
      if (before !== null && after !== null) {
        if (!sameImage(before, after)) changes.push({ path, status: 'modified', before, after });
      } else if (after !== null) changes.push({ path, status: 'added', after });
      else if (before !== null) changes.push({ path, status: 'deleted', before });
    }
    return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  snapshot(): StageSnapshot {
    return new Map(this.entries);
  }

  restore(snapshot: StageSnapshot): void {
    this.entries = new Map(snapshot);
    this.changeCount += 1;
  }

  /** What stands in a folder as the task sees it: names of files and folders, links left out. */
  namesIn(folder: string): { readonly files: readonly string[]; readonly folders: readonly string[] } {
    const parts = folder === '' ? [] : folder.split('/');
    const files = new Set<string>();
    const folders = new Set<string>();
    for (const entry of entriesIn(join(this.root.folder, ...parts))) {
      if (entry.isDirectory()) folders.add(entry.name);
      else if (entry.isFile()) files.add(entry.name);
    }
    const prefix = folder === '' ? '' : `${folder}/`;
    for (const [path, { after }] of this.entries) {
      if (!path.startsWith(prefix)) continue;
      const [name = '', ...below] = path.slice(prefix.length).split('/');
      if (below.length > 0) {
        if (after !== null) folders.add(name);
      } else if (after === null) files.delete(name);
      else files.add(name);
    }
    return { files: [...files], folders: [...folders] };
  }

  private put(path: string, after: FileImage | null): Refusal | null {
    const known = this.entries.get(path);
    const before = known ? known.before : readImage(this.root.folder, path, this.limits.maxReadBytes);
    if (before instanceof Refusal) return before;
    const isNew = !known;
    const { maxChangedFiles, maxStagedBytes } = this.limits;
    if (isNew && this.entries.size >= maxChangedFiles) {
      return new Refusal(
        `This task has changed ${maxChangedFiles} files, the most that are allowed, so ${path} was not changed. Finish with these, and name what is left in your final answer.`,
      );
    }
    const others = [...this.entries].reduce(
      (sum, [at, entry]) => (at === path ? sum : sum + sizeOf(entry)),
      0,
    );
    if (others + sizeOf({ before, after }) > maxStagedBytes) {
      return new Refusal(
        `The files of this task would take more than ${maxStagedBytes} bytes together, so ${path} was not changed. Finish with fewer or smaller files.`,
      );
    }
    if (before === null && after === null) this.entries.delete(path);
    else this.entries.set(path, { before, after });
    this.changeCount += 1;
    return null;
  }

  /** Why no new file can be at a path. */
  private obstacleTo(path: string): string | null {
    const parts = path.split('/');
    const isStaged = (at: string) => (this.entries.get(at)?.after ?? null) !== null;
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join('/');
      if (isStaged(folder)) return `${folder} is a file, so ${path} cannot be in it. Choose another path.`;
    }
    const below = [...this.entries.keys()].find((at) => at.startsWith(`${path}/`) && isStaged(at));
    if (below !== undefined) return `${path} is a folder (${below} is in it). Choose another path.`;
    for (let depth = 0; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join('/');
      const name = parts[depth] ?? '';
      const { files, folders } = this.namesIn(folder);
      const other = [...files, ...folders].find((each) => each !== name && areOneName(each, name));
      if (other === undefined || [...files, ...folders].includes(name)) continue;
      const there = folder === '' ? other : `${folder}/${other}`;
      return `${there} is there already, which many systems take for the same name as ${path}. Use that spelling, or another name.`;
    }
    return null;
  }

  /** What to say of a path where no file is: with the names that are like it. */
  private absence(path: string): string {
    const folder = path.split('/').slice(0, -1).join('/');
    const name = path.split('/').at(-1) ?? '';
    const { files } = this.namesIn(folder);
    const alike = files.filter((other) => areOneName(stem(other), stem(name))).slice(0, 3);
    const wasDeleted = this.entries.has(path);
    const hint =
      alike.length > 0
        ? ` There is ${alike.map((each) => (folder ? `${folder}/${each}` : each)).join(', ')}.`
        : '';
    return wasDeleted
      ? `${path} was deleted by this task. write_file makes it anew.`
      : `There is no file or folder ${path}.${hint} list_files shows what there is.`;
  }
}

/** Whether both hold the same bytes with the same mode. */
function sameImage(a: FileImage, b: FileImage): boolean {
  return a.mode === b.mode && a.content.equals(b.content);
}

function sizeOf({ before, after }: StagedEntry): number {
  return (before?.content.length ?? 0) + (after?.content.length ?? 0);
}

function stem(name: string): string {
  return name.replace(/\.[^.]*$/, '');
}

function entriesIn(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Gone, or not for this user: for the task there is nothing in it.
    return [];
  }
}
