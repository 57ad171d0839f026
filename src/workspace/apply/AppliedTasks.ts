import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../config/make-folder.ts';
import { codeOf, TeelammaError } from '../../errors.ts';
import type { FileChange } from '../FileChange.ts';
import { carryOut, FileChangedError, statesOf, takeBack } from './carry-out.ts';
import { Journal, type Manifest } from './Journal.ts';
import { takeLock } from './take-lock.ts';

export interface AppliedTasksOptions {
  /** The workspace, absolute, with links resolved. */
  readonly folder: string;
  /** Where an installation keeps its records. */
  readonly stateFolder: string;
}

export interface AppliedTasksPorts {
  readonly nowMs: () => number;
}

/** A task whose changes are in the workspace, or were. */
export interface AppliedTask {
  readonly id: string;
  readonly taskId: string;
  /** The beginning of the task. */
  readonly task: string;
  readonly appliedAtMs: number;
  readonly status: 'applied' | 'undone';
  readonly files: readonly AppliedFile[];
}

export interface AppliedFile {
  readonly path: string;
  readonly status: FileChange['status'];
}

export type ApplyOutcome =
  | { readonly done: true; readonly task: AppliedTask }
  /** Nothing was changed. `changedFiles` are those that hold something else than the task knew. */
  | { readonly done: false; readonly changedFiles: readonly string[] };

/** What became of a change that was interrupted. */
export interface Recovery {
  readonly folder: string;
  readonly taskId: string;
  readonly task: string;
  readonly wasUndo: boolean;
  /**
   * `finished`: it is wholly there now. `taken-back`: as it was before, but for files that somebody else changed meanwhile. `folder-away`:
   * the workspace is not there, so it waits.
   */
  readonly outcome: 'finished' | 'taken-back' | 'folder-away';
  readonly leftAlone: readonly string[];
}

/** So many are kept for undo. */
const mostKept = 20;
const shownTaskLength = 200;

/**
 * Applies tasks to a workspace, all files or none, and takes them back. Each change is on record with what was there before and what comes
 * after before the first file is touched, so that whatever ends the process, the next one that works with the workspace finishes it.
 *
 * @example
 * const outcome = await new AppliedTasks({ folder, stateFolder }, { nowMs: Date.now }).apply(stage.changes(), { taskId, task });
 */
export class AppliedTasks {
  private readonly folder: string;
  private readonly shelf: string;
  private readonly nowMs: () => number;

  constructor({ folder, stateFolder }: AppliedTasksOptions, { nowMs }: AppliedTasksPorts) {
    this.folder = folder;
    this.shelf = join(shelvesOf(stateFolder), createHash('sha256').update(folder).digest('hex').slice(0, 32));
    this.nowMs = nowMs;
  }

  /** Brings what was interrupted to its end. */
  async recover(): Promise<readonly Recovery[]> {
    if (!existsSync(this.shelf)) return [];
    using _lock = await this.lock();
    return recoverShelf(this.shelf);
  }

  /** @throws TeelammaError `workspace-busy`, `workspace-unwritable` (nothing was changed), `state-unwritable` */
  async apply(
    changes: readonly FileChange[],
    about: { readonly taskId: string; readonly task: string },
  ): Promise<ApplyOutcome> {
    using _lock = await this.lock();
    recoverShelf(this.shelf);
    const outcome = this.carryOut(changes, { ...about, undoes: null });
    if (outcome.done) this.prune();
    return outcome;
  }

  /** Takes the last applied task back; null where there is none. @throws as `apply` */
  async undo(): Promise<ApplyOutcome | null> {
    using _lock = await this.lock();
    recoverShelf(this.shelf);
    const last = Journal.all(this.shelf).findLast(({ status }) => status === 'applied');
    if (!last) return null;
    const { taskId, task } = last.manifest;
    const outcome = this.carryOut(last.reversed(), { taskId, task, undoes: last.id });
    return outcome.done ? { done: true, task: asTask(last, 'undone') } : outcome;
  }

  /** What was applied to this workspace and can still be told of, newest first. */
  async list(): Promise<readonly AppliedTask[]> {
    if (!existsSync(this.shelf)) return [];
    using _lock = await this.lock();
    recoverShelf(this.shelf);
    return Journal.all(this.shelf)
      .flatMap((journal) => {
        const { status } = journal;
        return status === 'applied' || status === 'undone' ? [asTask(journal, status)] : [];
      })
      .toReversed();
  }

  private carryOut(
    changes: readonly FileChange[],
    about: Pick<Manifest, 'taskId' | 'task' | 'undoes'>,
  ): ApplyOutcome {
    const journal = this.record(changes, about);
    const states = statesOf(journal);
    const changedFiles = journal.manifest.entries
      .filter((_, index) => states[index] !== 'before')
      .map(({ path }) => path);
    if (changedFiles.length > 0) {
      // Nothing was touched yet; a file that holds already what it was to hold was changed by somebody too.
      journal.remove();
      return { done: false, changedFiles };
    }
    try {
      carryOut(journal);
    } catch (error) {
      const givenUp = journal.become('taking-back');
      takeBack(givenUp);
      givenUp.remove();
      if (error instanceof FileChangedError) return { done: false, changedFiles: [error.path] };
      throw unwritable(this.folder, error, 'Everything is as it was before.');
    }
    return { done: true, task: asTask(finish(journal, this.shelf), 'applied') };
  }

  private record(
    changes: readonly FileChange[],
    about: Pick<Manifest, 'taskId' | 'task' | 'undoes'>,
  ): Journal {
    const atMs = this.nowMs();
    // Names sort by the order in which they were made, also where a clock went back.
    const last = Journal.all(this.shelf).at(-1)?.id.split('-')[0] ?? '0';
    const id = `${String(Number(last) + 1).padStart(8, '0')}-${atMs.toString(36)}`;
    const task = about.task.slice(0, shownTaskLength);
    try {
      return Journal.create(this.shelf, id, { ...about, task, folder: this.folder, atMs }, changes);
    } catch (cause) {
      const code = codeOf(cause);
      if (code === undefined) throw cause;
      const message = `What a task changes must be on record before it is applied, and ${this.shelf} cannot be written (${code}). Nothing was changed.`;
      throw new TeelammaError('state-unwritable', message, { cause });
    }
  }

  private prune(): void {
    for (const journal of Journal.all(this.shelf).slice(0, -mostKept)) journal.remove();
  }

  private async lock(): Promise<Disposable> {
    try {
      makeFolder(this.shelf);
    } catch (cause) {
      const message = `${this.shelf} cannot be made (${codeOf(cause) ?? String(cause)}). Nothing was changed; make TEELAMMA_HOME writable.`;
      throw new TeelammaError('state-unwritable', message, { cause });
    }
    return takeLock(join(this.shelf, 'lock.db'), this.folder);
  }
}

/** Finishes what was interrupted in every workspace of an installation. */
export async function recoverAll(stateFolder: string): Promise<readonly Recovery[]> {
  const shelves = shelvesOf(stateFolder);
  if (!existsSync(shelves)) return [];
  const recovered: Recovery[] = [];
  for (const { name } of readdirSync(shelves, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )) {
    const shelf = join(shelves, name);
    using _lock = await takeLock(join(shelf, 'lock.db'), 'a workspace');
    recovered.push(...recoverShelf(shelf));
  }
  return recovered;
}

/** For who holds the lock. */
function recoverShelf(shelf: string): readonly Recovery[] {
  return Journal.all(shelf)
    .filter(({ status }) => status === 'applying' || status === 'taking-back')
    .map((journal) => {
      try {
        return recoverJournal(journal, shelf);
      } catch (error) {
        const { folder } = journal.manifest;
        throw unwritable(
          folder,
          error,
          'A change that was interrupted cannot be brought to its end there yet: make it writable, with room.',
        );
      }
    });
}

function recoverJournal(journal: Journal, shelf: string): Recovery {
  const { folder, taskId, task, undoes, entries } = journal.manifest;
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    return { folder, taskId, task, wasUndo: undoes !== null, outcome: 'folder-away', leftAlone: [] };
  }
  const states = statesOf(journal);
  const leftAlone = entries.filter((_, index) => states[index] === 'other').map(({ path }) => path);
  const about = { folder, taskId, task, wasUndo: undoes !== null, leftAlone };
  if (journal.status === 'applying' && leftAlone.length === 0) {
    carryOut(journal);
    finish(journal, shelf);
    return { ...about, outcome: 'finished' };
  }
  const givenUp = journal.status === 'applying' ? journal.become('taking-back') : journal;
  takeBack(givenUp);
  givenUp.remove();
  return { ...about, outcome: 'taken-back' };
}

/** An undo leaves the mark on what it took back, and no record of its own. */
function finish(journal: Journal, shelf: string): Journal {
  const { undoes } = journal.manifest;
  if (undoes === null) return journal.become('applied');
  const original = Journal.all(shelf).find(({ id }) => id === undoes);
  if (original?.status === 'applied') original.become('undone');
  journal.remove();
  return journal;
}

function asTask(journal: Journal, status: AppliedTask['status']): AppliedTask {
  const { taskId, task, atMs, entries } = journal.manifest;
  const files = entries.map(({ path, before, after }): AppliedFile => {
    if (before === null) return { path, status: 'added' };
    return { path, status: after === null ? 'deleted' : 'modified' };
  });
  return { id: journal.id, taskId, task, appliedAtMs: atMs, status, files };
}

function shelvesOf(stateFolder: string): string {
  return join(stateFolder, 'workspaces');
}

function unwritable(folder: string, cause: unknown, state: string): unknown {
  const code = codeOf(cause);
  if (code === undefined) return cause;
  const message = `The files of a task could not be written in ${folder} (${code}). ${state}`;
  return new TeelammaError('workspace-unwritable', message, { cause });
}
