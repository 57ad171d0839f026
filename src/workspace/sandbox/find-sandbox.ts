import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { makeScratch, removeScratch } from '../../config/scratch-folder.ts';
import { type BubblewrapMode, createBubblewrap } from './bubblewrap.ts';
import { runContained } from './run-contained.ts';
import { defaultLimits, type Sandbox } from './Sandbox.ts';
import { toolFolders, type UnreadableFolder, unreadableByOthers } from './tool-folders.ts';
import { createUnsandboxed } from './unsandboxed.ts';

export interface SandboxOptions {
  /** `auto` takes the best there is; `none` runs without one, which only the user may ask for. */
  readonly sandbox: 'auto' | 'none';
  /** The user's PATH. */
  readonly path: string;
  /** The user's home. */
  readonly home: string;
}

/** What was found: a sandbox that was tried and works, or why there is none and how to get one. */
export type SandboxSearch =
  | {
      readonly found: true;
      readonly sandbox: Sandbox;
      readonly mode: BubblewrapMode | 'none';
      readonly userId: number;
      /** Of the tools' folders, those that commands cannot read, since they run as another user. */
      readonly unreadable: readonly UnreadableFolder[];
    }
  | { readonly found: false; readonly why: string; readonly howToGetOne: string };

/**
 * Looks for a sandbox and tries it: a program that is installed may still be forbidden to make namespaces (in a container, or by a
 * kernel setting). Takes about 50 ms where there is one.
 */
export async function findSandbox(options: SandboxOptions, signal?: AbortSignal): Promise<SandboxSearch> {
  if (options.sandbox === 'none') {
    return {
      found: true,
      sandbox: createUnsandboxed(options.path),
      mode: 'none',
      userId: process.getuid?.() ?? 0,
      unreadable: [],
    };
  }
  if (process.platform !== 'linux') {
    return {
      found: false,
      why: `there is no sandbox for ${process.platform} yet`,
      howToGetOne: 'run teelamma under Linux (a container or WSL will do)',
    };
  }
  const missing = ['bwrap', 'prlimit', 'setpriv'].filter((name) => !findProgram(name, options.path));
  const program = findProgram('bwrap', options.path);
  if (program === undefined || missing.length > 0) {
    return {
      found: false,
      why: `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not installed`,
      howToGetOne: 'install bubblewrap (Debian and Ubuntu: apt-get install bubblewrap util-linux)',
    };
  }
  const isRoot = process.getuid?.() === 0;
  const modes: readonly BubblewrapMode[] = isRoot ? ['other-user', 'root-namespace'] : ['namespace'];
  const tools = toolFolders(options.path, options.home);
  const version = await versionOf(program, signal);
  let problem = '';
  for (const mode of modes) {
    // A user of its own for each process, so that limits by user are not shared with another's checks.
    const userId = isRoot ? firstUserId + Math.floor(Math.random() * userIds) : (process.getuid?.() ?? 0);
    const sandbox = createBubblewrap({ program, version, tools, mode, userId });
    const trial = await tryOut(sandbox, signal);
    if (trial === null) {
      const unreadable = mode === 'other-user' ? unreadableByOthers(tools) : [];
      return { found: true, sandbox, mode, userId, unreadable };
    }
    problem = trial;
  }
  return {
    found: false,
    why: `bubblewrap ${version} is installed and cannot make a sandbox here: ${problem}`,
    howToGetOne:
      'allow user namespaces (Ubuntu: an AppArmor profile for bwrap, or sysctl kernel.apparmor_restrict_unprivileged_userns=0; ' +
      'Docker: --security-opt seccomp=unconfined --security-opt systempaths=unconfined)',
  };
}

/** Below 65,536, which is all that a container may have, and above what systems give out (systemd ends at 65,519). */
const firstUserId = 61_200;
const userIds = 4_000;

/** The first program of that name on a PATH that may be run. */
export function findProgram(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

async function versionOf(program: string, signal?: AbortSignal): Promise<string> {
  const outcome = await runContained(
    { argv: [program, '--version'], folder: '/', environment: {}, limits: defaultLimits, watchedFolder: '/' },
    signal,
  );
  return /\d+(?:\.\d+)+/.exec(outcome.output)?.[0] ?? 'of unknown version';
}

/** What went wrong, in one line; null where it works. */
async function tryOut(sandbox: Sandbox, signal?: AbortSignal): Promise<string | null> {
  const folder = makeScratch('sandbox');
  try {
    const outcome = await sandbox.run(
      {
        argv: ['/bin/sh', '-c', 'echo it-works > "$HOME/trial" && cat "$HOME/trial"'],
        folder: '/',
        mounts: [],
        homeFolder: join(folder, 'home'),
        environment: {},
        limits: { ...defaultLimits, timeMs: 10_000 },
      },
      signal,
    );
    if (outcome.output.includes('it-works')) return null;
    return outcome.output.trim().split('\n').at(-1) || `it ended with ${JSON.stringify(outcome.end)}`;
  } finally {
    await removeScratch(folder);
  }
}
