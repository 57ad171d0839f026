import { InvalidArgumentError } from '../InvalidArgumentError.ts';

/** What `teelamma run` was told of a workspace. */
export interface WorkspaceFlags {
  readonly workspace?: string;
  readonly apply?: boolean;
  readonly dryRun?: boolean;
  readonly commit?: boolean;
  readonly branch?: string;
  readonly json?: boolean;
}

/** How a task's changes are dealt with; null for a task without a workspace. */
export interface WorkspacePlan {
  readonly folder: string;
  /** `ask` on a terminal, else only `show`. */
  readonly mode: 'ask' | 'apply' | 'show';
  /** Whether the diff stands before the user who would be asked; with `--json` it comes in the document afterwards. */
  readonly isDiffSeen: boolean;
  readonly commits: boolean;
  readonly branch: string | undefined;
}

/** @throws InvalidArgumentError where the options do not go together */
export function workspacePlan(flags: WorkspaceFlags): WorkspacePlan | null {
  const { workspace, apply = false, dryRun = false, commit = false, branch, json = false } = flags;
  const dependent = Object.entries({
    '--apply': apply,
    '--dry-run': dryRun,
    '--commit': commit,
    '--branch': branch !== undefined,
  });
  const given = dependent.filter(([, isGiven]) => isGiven).map(([name]) => name);
  if (workspace === undefined) {
    if (given.length === 0) return null;
    throw new InvalidArgumentError(
      `${given[0]} is about the files of a workspace. Add --workspace DIR, such as --workspace .`,
    );
  }
  if (workspace === '')
    throw new InvalidArgumentError('--workspace is empty. Name a folder, such as --workspace .');
  const other = given.find((name) => name !== '--dry-run');
  if (dryRun && other !== undefined) {
    throw new InvalidArgumentError(
      `--dry-run only shows the changes, and ${other} asks for more. Leave one of them out.`,
    );
  }
  return {
    folder: workspace,
    mode: dryRun ? 'show' : apply ? 'apply' : 'ask',
    isDiffSeen: !json,
    commits: commit || branch !== undefined,
    branch,
  };
}
