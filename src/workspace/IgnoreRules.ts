import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { ignoreRules, type PathRules } from './path-rules.ts';

/** Rules of one file, for the paths below its folder. */
interface FolderRules {
  /** Relative to the workspace with `/`; '' for the workspace and for folders above it. */
  readonly folder: string;
  /** What to put before a path of the workspace, for rules of a folder above. */
  readonly prefix: string;
  readonly rules: PathRules;
}

/** In the order of ripgrep: the earlier kind wins wherever it stands; within a kind the deeper folder wins. */
const kinds = ['.rgignore', '.ignore', '.gitignore'] as const;

/** The ignore files that hold for a workspace: ripgrep's rules, which are git's with `.ignore` and `.rgignore` over them. */
export class IgnoreRules {
  private readonly root: string;
  private readonly above: readonly (readonly FolderRules[])[];
  private readonly exclude: readonly FolderRules[];
  private readonly perFolder = new Map<string, readonly (readonly FolderRules[])[]>();

  /** Reads what holds for the workspace from the folders above it, of `.gitignore` up to its repository's. */
  constructor(root: string) {
    this.root = root;
    const repository = repositoryOf(root);
    const above: string[] = [];
    for (let at = root; dirname(at) !== at; ) {
      at = dirname(at);
      above.push(at);
    }
    const inRepository = above.slice(0, repository === null ? 0 : above.indexOf(repository) + 1);
    this.above = kinds.map((kind) =>
      (kind === '.gitignore' ? inRepository : above).flatMap((folder) =>
        rulesIn(join(folder, kind), '', prefixOf(folder, root)),
      ),
    );
    this.exclude =
      repository === null
        ? []
        : rulesIn(join(repository, '.git', 'info', 'exclude'), '', prefixOf(repository, root));
  }

  /** What the rules say of a path itself, whoever walks having looked at the folders above it; null where none matches. */
  verdict(path: string, isFolder: boolean): 'ignored' | 'kept' | null {
    for (const [index] of kinds.entries()) {
      const found = this.firstVerdict(path, isFolder, [
        ...this.within(path, index),
        ...(this.above[index] ?? []),
      ]);
      if (found !== null) return found;
    }
    return this.firstVerdict(path, isFolder, this.exclude);
  }

  private firstVerdict(
    path: string,
    isFolder: boolean,
    deepestFirst: readonly FolderRules[],
  ): 'ignored' | 'kept' | null {
    for (const { folder, prefix, rules } of deepestFirst) {
      const seen = prefix + (folder === '' ? path : path.slice(folder.length + 1));
      const verdict = rules.verdict(seen, isFolder);
      if (verdict !== null) return verdict === 'plain' ? 'ignored' : 'kept';
    }
    return null;
  }

  /** Rules of one kind in the folders that a path is in, deepest first. */
  private within(path: string, kind: number): readonly FolderRules[] {
    const found: FolderRules[] = [];
    for (let folder = parentOf(path); ; folder = parentOf(folder)) {
      found.push(...(this.inFolder(folder)[kind] ?? []));
      if (folder === '') return found;
    }
  }

  private inFolder(folder: string): readonly (readonly FolderRules[])[] {
    const known = this.perFolder.get(folder);
    if (known) return known;
    const read = kinds.map((kind) => rulesIn(join(this.root, folder, kind), folder, ''));
    this.perFolder.set(folder, read);
    return read;
  }
}

function rulesIn(file: string, folder: string, prefix: string): readonly FolderRules[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return [{ folder, prefix, rules: ignoreRules(text) }];
}

/** The nearest folder upwards that holds a repository; null for none. */
function repositoryOf(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (dirname(at) === at) return null;
  }
}

function prefixOf(folder: string, root: string): string {
  const path = relative(folder, root).split(sep).join('/');
  return path === '' ? '' : `${path}/`;
}

function parentOf(path: string): string {
  return path.split('/').slice(0, -1).join('/');
}
