import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { makeFolder } from '../../config/make-folder.ts';
import { TeelammaError } from '../../errors.ts';
import { type FileChange, type FileImage, imageAfter, imageBefore } from '../FileChange.ts';
import { renameDurably, syncFolder, writeDurably } from './durable-files.ts';

const stampSchema = z.object({ sha256: z.string(), mode: z.int() }).nullable();

const entrySchema = z.object({
  /** Relative to the workspace, with `/`. */
  path: z.string(),
  before: stampSchema,
  after: stampSchema,
  /** Name of the file beside it that is renamed to it; it holds what comes after. */
  temporaryName: z.string(),
});

const manifestSchema = z.object({
  version: z.literal(1),
  folder: z.string(),
  taskId: z.string(),
  /** The beginning of the task, for people to tell it by. */
  task: z.string(),
  atMs: z.number(),
  /** The journal that this one takes back; null for a task's own. */
  undoes: z.string().nullable(),
  entries: z.array(entrySchema),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type JournalEntry = z.infer<typeof entrySchema>;
/** What tells one content of a file from another. */
export type Stamp = z.infer<typeof stampSchema>;

/**
 * How far a journal has come; each is the name of its manifest, so that one rename takes it to the next. `applying`: decided, and to be
 * brought to its end by whoever finds it. `taking-back`: given up, and to be undone by whoever finds it.
 */
export type JournalStatus = 'applying' | 'taking-back' | 'applied' | 'undone';

const statuses: readonly JournalStatus[] = ['applying', 'taking-back', 'applied', 'undone'];

/** One change of a workspace on record: what each file held before and is to hold after, all of it on disk before anything is touched. */
export class Journal {
  readonly id: string;
  readonly manifest: Manifest;
  readonly status: JournalStatus;
  private readonly folder: string;

  private constructor(folder: string, id: string, status: JournalStatus, manifest: Manifest) {
    this.folder = folder;
    this.id = id;
    this.status = status;
    this.manifest = manifest;
  }

  /** Puts a change on record as decided. When this returns, it survives whatever ends the process. */
  static create(
    shelf: string,
    id: string,
    about: Pick<Manifest, 'folder' | 'taskId' | 'task' | 'atMs' | 'undoes'>,
    changes: readonly FileChange[],
  ): Journal {
    const folder = join(shelf, id);
    makeFolder(folder);
    const entries = changes.map((change, index): JournalEntry => {
      const [before, after] = [imageBefore(change), imageAfter(change)];
      if (before) writeDurably(join(folder, `${index}.before`), before.content, 0o600);
      if (after) writeDurably(join(folder, `${index}.after`), after.content, 0o600);
      return {
        path: change.path,
        before: stampOf(before),
        after: stampOf(after),
        temporaryName: `.teelamma-${id}-${index}.tmp`,
      };
    });
    const manifest: Manifest = { version: 1, ...about, entries };
    const draft = join(folder, 'draft.json');
    writeDurably(draft, JSON.stringify(manifest), 0o600);
    syncFolder(shelf);
    renameDurably(draft, join(folder, manifestName('applying')));
    return new Journal(folder, id, 'applying', manifest);
  }

  /**
   * Every journal of a workspace, oldest first. What never came to be decided has touched nothing, and is removed. Only for who holds the
   * workspace's lock.
   */
  static all(shelf: string): readonly Journal[] {
    const folders = readdirSync(shelf, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const ids = folders.map(({ name }) => name).toSorted();
    return ids.flatMap((id) => Journal.open(shelf, id) ?? []);
  }

  /** Null for one that was never decided. */
  private static open(shelf: string, id: string): Journal | null {
    const folder = join(shelf, id);
    const status = statuses.find((each) => existsSync(join(folder, manifestName(each))));
    if (status === undefined) {
      rmSync(folder, { recursive: true, force: true });
      return null;
    }
    const file = join(folder, manifestName(status));
    try {
      return new Journal(folder, id, status, manifestSchema.parse(JSON.parse(readFileSync(file, 'utf8'))));
    } catch (cause) {
      const message = `The record of an applied task, ${file}, cannot be read. If you need no undo of it, remove its folder.`;
      throw new TeelammaError('state-corrupt', message, { cause });
    }
  }

  image(index: number, side: 'before' | 'after'): FileImage | null {
    const stamp = this.manifest.entries[index]?.[side] ?? null;
    return stamp && { content: readFileSync(join(this.folder, `${index}.${side}`)), mode: stamp.mode };
  }

  /** The change that would take this one back. */
  reversed(): readonly FileChange[] {
    return this.manifest.entries.map(({ path }, index): FileChange => {
      const [before, after] = [this.image(index, 'after'), this.image(index, 'before')];
      if (before === null && after !== null) return { path, status: 'added', after };
      if (before !== null && after === null) return { path, status: 'deleted', before };
      if (before !== null && after !== null) return { path, status: 'modified', before, after };
      throw new Error(`Entry ${index} of journal ${this.id} changes nothing`);
    });
  }

  /** Takes it to its next status, durably. */
  become(status: JournalStatus): Journal {
    renameDurably(join(this.folder, manifestName(this.status)), join(this.folder, manifestName(status)));
    return new Journal(this.folder, this.id, status, this.manifest);
  }

  remove(): void {
    // The manifest first: a folder without one is what was never decided.
    rmSync(join(this.folder, manifestName(this.status)), { force: true });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function stampOf(image: FileImage | null): Stamp {
  return image && { sha256: createHash('sha256').update(image.content).digest('hex'), mode: image.mode };
}

export function sameStamp(a: Stamp, b: Stamp): boolean {
  return a === null || b === null ? a === b : a.sha256 === b.sha256 && a.mode === b.mode;
}

function manifestName(status: JournalStatus): string {
  return `${status}.json`;
}
