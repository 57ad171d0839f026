import { setImmediate } from 'node:timers/promises';
import { IgnoreRules } from './IgnoreRules.ts';
import { holdsSecrets, isGitFolder } from './parse-path.ts';
import type { PathFilter } from './path-filter.ts';
import type { WorkspaceStage } from './WorkspaceStage.ts';

export interface WalkOptions {
  /** Relative to the workspace; '' for all of it. */
  readonly folder: string;
  /** Whether names that begin with a dot are looked at too. */
  readonly hidden: boolean;
  /** Of a path whether it is looked at; it brings nothing back that ignore files leave out. */
  readonly filter: PathFilter;
  /** Whether files that ignore files leave out are looked at too. */
  readonly ignored: boolean;
  readonly signal: AbortSignal;
}

/** After so many folders other work gets its turn. */
const foldersAtOnce = 20;

/**
 * The files of a workspace as the task sees it, sorted by name, folder by folder, by ripgrep's rules: ignore files are honoured, hidden
 * files left out unless a rule keeps them, links not followed. A file that the task staged follows the same rules.
 * @throws The signal's reason, when it is aborted.
 */
export async function* walkFiles(stage: WorkspaceStage, options: WalkOptions): AsyncGenerator<string> {
  const rules = new IgnoreRules(stage.folder);
  const isLookedAt = (path: string, name: string, isFolder: boolean): boolean => {
    if (isGitFolder(name) || !options.filter(path, isFolder)) return false;
    const verdict = rules.verdict(path, isFolder);
    if (verdict === 'ignored' && !options.ignored) return false;
    return options.hidden || verdict === 'kept' || !name.startsWith('.');
  };
  const pending = [options.folder];
  let visited = 0;
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    options.signal.throwIfAborted();
    visited += 1;
    if (visited % foldersAtOnce === 0) await setImmediate();
    const pathOf = (name: string) => (folder === '' ? name : `${folder}/${name}`);
    const { files, folders } = stage.namesIn(folder);
    for (const name of files.toSorted()) {
      if (!holdsSecrets(name) && isLookedAt(pathOf(name), name, false)) yield pathOf(name);
    }
    const below = folders.filter((name) => isLookedAt(pathOf(name), name, true)).map(pathOf);
    pending.push(...below.toSorted().reverse());
  }
}
