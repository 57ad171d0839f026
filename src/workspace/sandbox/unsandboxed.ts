import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runContained } from './run-contained.ts';
import type { Sandbox } from './Sandbox.ts';

/**
 * No sandbox at all: the command runs as the user, with the network and every file that the user has. Limits are watched, and secrets
 * of the environment are kept back, but nothing stops a command that wants to do harm. Only for users who ask for it by name.
 */
export function createUnsandboxed(path: string): Sandbox {
  return {
    name: 'none',
    description: 'none: checks run as you, with your network and your files',
    run: (command, signal) => {
      mkdirSync(join(command.homeFolder, 'tmp'), { recursive: true });
      const [program, ...rest] = command.argv;
      return runContained(
        {
          argv: [program, ...rest],
          // There is nothing that could be laid over each other here: the first mount is the copy of the workspace.
          folder: realFolder(command),
          environment: {
            PATH: path,
            HOME: command.homeFolder,
            TMPDIR: join(command.homeFolder, 'tmp'),
            LANG: 'C.UTF-8',
            ...command.environment,
          },
          limits: command.limits,
          watchedFolder: command.homeFolder,
          ...(command.input !== undefined && { input: command.input }),
        },
        signal,
      );
    },
  };
}

function realFolder({ folder, mounts }: Parameters<Sandbox['run']>[0]): string {
  const mount = mounts.find(({ target }) => folder === target || folder.startsWith(`${target}/`));
  return mount ? mount.source + folder.slice(mount.target.length) : folder;
}
