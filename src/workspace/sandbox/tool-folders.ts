import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';

/** What this machine's tools need to be seen by a sandboxed command, beside the system's own folders. */
export interface ToolFolders {
  /** Absolute, each existing; shown read-only at the same place. */
  readonly folders: readonly string[];
  /** Folders of the home that are shown inside the command's own home, as the tools look for them there. */
  readonly inHome: ReadonlyArray<{ readonly source: string; readonly inHome: string }>;
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface UnreadableFolder {
  readonly source: string;
  readonly shownAs: string;
}

/**
 * Version managers and package caches that live in a home. Each by itself, since the home also holds what no check may read: keys,
 * tokens, histories. Credentials that stand beside them (`.cargo/credentials.toml`, `.m2/settings.xml`, `.npmrc`) are not in the list.
 */
const inHomes = [
  '.pyenv',
  '.rustup',
  '.cargo/bin',
  '.nvm',
  '.volta',
  '.local/share/fnm',
  '.asdf',
  '.local/share/mise',
  '.local/share/uv',
  '.sdkman',
  '.bun',
  '.deno',
  'go/pkg/mod',
  'sdk',
];

/** Finds them for a user's PATH and home. */
export function toolFolders(pathVariable: string, home: string): ToolFolders {
  const folders = new Set(inHomes.map((name) => join(home, name)).filter((folder) => existsSync(folder)));
  const path: string[] = [];
  for (const entry of pathVariable.split(delimiter)) {
    if (!entry.startsWith('/') || !existsSync(entry) || isSystem(entry)) {
      if (isSystem(entry)) path.push(entry);
      continue;
    }
    const isInHome = entry === home || entry.startsWith(`${home}/`);
    // What stands on the PATH may only lead to the program, which is elsewhere in its version manager's folder.
    const manager = versionManagerOf(entry);
    if (manager !== null) folders.add(manager);
    // A folder of programs is shown whole where it is not somebody's home; in a home only what is known, and `bin` itself.
    if ((!isInHome && !holds(entry, home)) || /\/s?bin$/.test(entry)) folders.add(entry);
    path.push(entry);
  }
  const pyenv = [...folders].find((folder) => folder.endsWith('/.pyenv'));
  const nodePrefix = dirname(dirname(realpathSync(process.execPath)));
  if (!isSystem(`${nodePrefix}/`) && !holds(nodePrefix, home)) folders.add(nodePrefix);
  const inHome = [
    ...['.cargo/registry', '.cargo/git'].map((name) => ({ source: join(home, name), inHome: name })),
    { source: mavenRepository(home), inHome: '.m2/repository' },
  ].filter(({ source }) => existsSync(source));
  return {
    folders: [...folders].sort(),
    inHome,
    path: [dirname(process.execPath), ...path, '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    environment: {
      ...present('PYENV_ROOT', pyenv ?? join(home, '.pyenv')),
      ...present('RUSTUP_HOME', join(home, '.rustup')),
      ...present('GOMODCACHE', join(home, 'go/pkg/mod')),
    },
  };
}

/** Whether one folder is the other, or a folder above it: whoever sees it sees all of the other. */
function holds(folder: string, other: string): boolean {
  const path = relative(folder, other);
  return path === '' || !(path === '..' || path.startsWith('../'));
}

/** Those that only their owner may read, and so no command that runs as another user; `shownAs` ends as the tools know the folder. */
export function unreadableByOthers({ folders, inHome }: ToolFolders): readonly UnreadableFolder[] {
  return [
    ...folders.map((source) => ({ source, shownAs: source })),
    ...inHome.map((each) => ({ source: each.source, shownAs: each.inHome })),
  ].filter(({ source }) => (statSync(source).mode & 0o005) !== 0o005);
}

/**
 * Where Maven keeps what it has downloaded: `localRepository` of the home's settings.xml, of which nothing else is taken, since it may hold
 * passwords.
 */
function mavenRepository(home: string): string {
  const usual = join(home, '.m2/repository');
  try {
    const settings = readFileSync(join(home, '.m2/settings.xml'), 'utf8').replace(/<!--[\s\S]*?-->/g, '');
    const named = /<localRepository>\s*([^<]+?)\s*<\/localRepository>/.exec(settings)?.[1];
    const folder = named?.replace(/\$\{(?:user\.home|env\.HOME)\}/g, home);
    return folder?.startsWith('/') && !holds(folder, home) ? folder : usual;
  } catch {
    return usual;
  }
}

/** The folder of the version manager that a folder on the PATH belongs to, in whoever's home; null where there is none. */
function versionManagerOf(entry: string): string | null {
  for (const name of inHomes.filter((each) => each.startsWith('.'))) {
    const at = `${entry}/`.indexOf(`/${name}/`);
    if (at >= 0) return entry.slice(0, at + 1 + name.length);
  }
  return null;
}

function isSystem(folder: string): boolean {
  return /^\/(?:usr|bin|sbin|lib|lib64|opt|nix\/store)(?:\/|$)/.test(folder);
}

function present(name: string, folder: string): Record<string, string> {
  return existsSync(folder) ? { [name]: folder } : {};
}
