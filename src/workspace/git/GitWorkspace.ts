import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { TeelammaError } from '../../errors.ts';

export interface GitOptions {
  /** The workspace, absolute, with links resolved. */
  readonly folder: string;
  /** A branch to be made for the commit; undefined for the current one. */
  readonly branch: string | undefined;
}

/** A commit of a task's files. */
export interface TaskCommit {
  /** Abbreviated hash. */
  readonly hash: string;
  readonly branch: string;
  /** Files that git ignores, which are applied and not committed. */
  readonly ignoredFiles: readonly string[];
}

/**
 * The repository of a workspace, for a commit of a task's files and nothing else: the user's index and other changes stay as they are,
 * hooks run as they do for any commit, but for those that the task itself wrote.
 */
export class GitWorkspace {
  private readonly folder: string;
  private readonly branch: string | undefined;

  private constructor({ folder, branch }: GitOptions) {
    this.folder = folder;
    this.branch = branch;
  }

  /**
   * Looks before anything is spent whether a commit will be possible.
   * @throws TeelammaError `invalid-argument` saying what stands in the way
   */
  static async open(options: GitOptions): Promise<GitWorkspace> {
    const git = new GitWorkspace(options);
    const { folder, branch } = options;
    const top = await git.try(['rev-parse', '--show-toplevel']);
    if (!top.ok)
      throw refusal(
        `${folder} is in no git repository (${top.problem}). Leave --commit and --branch out, or run git init.`,
      );
    for (const state of ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'rebase-merge', 'rebase-apply']) {
      const path = await git.run('rev-parse', '--git-path', state);
      if (existsSync(resolve(folder, path))) {
        throw refusal(
          `A merge, rebase or the like is under way in ${folder} (${state}). Finish it first, or leave --commit out.`,
        );
      }
    }
    const isDetached = !(await git.try(['symbolic-ref', '--quiet', 'HEAD'])).ok;
    if (isDetached && branch === undefined) {
      throw refusal(
        `${folder} is on no branch (detached HEAD), where a commit is easily lost. Give --branch NAME.`,
      );
    }
    if (branch !== undefined) {
      if (!(await git.try(['check-ref-format', '--branch', branch])).ok || branch.startsWith('-')) {
        throw refusal(`--branch ${JSON.stringify(branch)} is no valid name of a branch.`);
      }
      if ((await git.try(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`])).ok) {
        throw refusal(`The branch ${branch} is there already. Give another name.`);
      }
      const other = await git.branchInTheWay(branch);
      if (other !== null)
        throw refusal(`There is a branch ${other}, beside which git takes no ${branch}. Give another name.`);
    }
    if (!(await git.try(['var', 'GIT_COMMITTER_IDENT'])).ok) {
      throw refusal('git does not know who commits: set user.name and user.email with git config first.');
    }
    return git;
  }

  /** Which of a task's files hold changes of the user that are not committed yet; a commit of the task would take them along. */
  async dirtyFiles(paths: readonly string[]): Promise<readonly string[]> {
    const output = await this.run(
      'status',
      '--porcelain=v1',
      '-z',
      '--no-renames',
      '--untracked-files=all',
      '--',
      ...literal(paths),
    );
    const prefix = await this.run('rev-parse', '--show-prefix');
    return output
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => entry.slice(3))
      .map((path) => (path.startsWith(prefix) ? path.slice(prefix.length) : path));
  }

  /**
   * Commits the files as they are in the folder now, on the branch that was asked for.
   * @throws TeelammaError `commit-failed`; the files stay applied
   */
  async commit(paths: readonly string[], message: string): Promise<TaskCommit> {
    const hook = await this.changedHook(paths);
    if (hook !== undefined) {
      throw failure(
        `The task changed ${hook}, which is among your git hooks, and a commit would run it. Its files are applied: read it, then commit them yourself, or take them back with teelamma undo.`,
      );
    }
    if (this.branch !== undefined) await this.mustRun('switch', '--quiet', '--create', this.branch);
    const ignoredFiles = await this.ignored(paths);
    const taken = paths.filter((path) => !ignoredFiles.includes(path));
    const known = new Set((await this.run('ls-files', '-z', '--', ...literal(taken))).split('\0'));
    const fresh: string[] = [];
    const committed: string[] = [];
    for (const path of taken) {
      if (!known.has(path)) {
        // Deleted, and never known to git: there is nothing to commit.
        if (!existsSync(join(this.folder, path))) continue;
        fresh.push(path);
      }
      committed.push(path);
    }
    if (committed.length === 0) {
      throw failure(
        `None of the task's files is one that git keeps, so there is nothing to commit in ${this.folder}. They are applied.`,
      );
    }
    if (fresh.length > 0) await this.mustRun('add', '--intent-to-add', '--', ...literal(fresh));
    const commit = ['commit', '--quiet', '--only', '--file=-', '--', ...literal(committed)];
    // Through its input: what a model says can be longer than an argument may be.
    const done = await this.try(commit, message);
    if (!done.ok) {
      if (fresh.length > 0) await this.try(['reset', '--quiet', '--', ...literal(fresh)]);
      throw failure(
        `git could not commit the task's files: ${done.problem}. They are applied; commit them yourself, or take them back with teelamma undo.`,
      );
    }
    const hash = await this.run('rev-parse', '--short', 'HEAD');
    const branch = await this.run('rev-parse', '--abbrev-ref', 'HEAD');
    return { hash, branch, ignoredFiles };
  }

  /** A file of the task in the folder of the hooks, where that is kept in the workspace (`core.hooksPath`). */
  private async changedHook(paths: readonly string[]): Promise<string | undefined> {
    const hooks = resolve(this.folder, await this.run('rev-parse', '--git-path', 'hooks'));
    // What husky has git run is in `_`, and runs what is beside it.
    const own = basename(hooks) === '_' ? dirname(hooks) : hooks;
    const folder = relative(this.folder, existsSync(own) ? realpathSync(own) : own).replaceAll(sep, '/');
    return paths.find((path) => path.startsWith(`${folder}/`));
  }

  /** Branches are files in folders to git: with `a` there can be no `a/b`, and the other way round; null where none is in the way. */
  private async branchInTheWay(branch: string): Promise<string | null> {
    const parts = branch.split('/');
    const above = parts.slice(1).map((_, index) => `refs/heads/${parts.slice(0, index + 1).join('/')}`);
    const listed = await this.run('for-each-ref', '--format=%(refname)', ...above, `refs/heads/${branch}/`);
    // A pattern also matches what is below it.
    const found = listed
      .split('\n')
      .find((ref) => above.includes(ref) || ref.startsWith(`refs/heads/${branch}/`));
    return found === undefined ? null : found.slice('refs/heads/'.length);
  }

  private async ignored(paths: readonly string[]): Promise<readonly string[]> {
    // Ends with 1 where none is ignored.
    const found = await this.try(['check-ignore', '--stdin', '-z'], paths.join('\0'));
    return found.ok ? found.output.split('\0').filter((path) => path !== '') : [];
  }

  private async mustRun(...given: readonly string[]): Promise<string> {
    const result = await this.try(given);
    if (result.ok) return result.output;
    throw failure(
      `git ${given[0]} failed in ${this.folder}: ${result.problem}. The task's files are applied; commit them yourself.`,
    );
  }

  private async run(...given: readonly string[]): Promise<string> {
    const result = await this.try(given);
    if (result.ok) return result.output;
    throw refusal(`git ${given[0]} failed in ${this.folder}: ${result.problem}.`);
  }

  private try(given: readonly string[], input = ''): Promise<GitResult> {
    return new Promise((settle) => {
      const options = { cwd: this.folder, maxBuffer: 64_000_000, encoding: 'utf8' as const };
      const child = execFile('git', [...given], options, (error, output, errors) => {
        const text = output.replace(/\n$/, '');
        if (error === null) settle({ ok: true, output: text });
        else settle({ ok: false, problem: problemOf(error, `${errors}\n${output}`) });
      });
      // It may end before it has read what it was given.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
    });
  }
}

type GitResult =
  | { readonly ok: true; readonly output: string }
  | { readonly ok: false; readonly problem: string };

/** Paths with `*` or `:` in them name these files and no others. */
function literal(paths: readonly string[]): string[] {
  return paths.map((path) => `:(literal)${path}`);
}

const longestProblem = 500;

function problemOf(error: Error & { code?: string | number | null }, said: string): string {
  if (error.code === 'ENOENT') return 'git is not installed';
  const lines = said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (lines.join('; ') || error.message).slice(0, longestProblem).replace(/\.$/, '');
}

function refusal(message: string): TeelammaError {
  return new TeelammaError('invalid-argument', message);
}

function failure(message: string): TeelammaError {
  return new TeelammaError('commit-failed', message);
}
