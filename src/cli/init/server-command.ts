import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Environment } from '../../config/Config.ts';

/** How an MCP client starts a server. */
export interface ServerEntry {
  readonly type: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
}

/** The name under which the server stands in the files of clients; its tools are `mcp__teelamma__run_task` and so on. */
export const serverName = 'teelamma';

/** What runs just now: Node and the script of the command. */
export interface RunningCommand {
  readonly node: string;
  readonly script: string;
}

/**
 * How clients start this server: `teelamma mcp` where the command is on the PATH, so that the file can be shared with others; else this
 * very installation by its paths, which works on this machine only.
 */
export function serverCommand(environment: Environment, running: RunningCommand): ServerEntry {
  if (isOnPath('teelamma', environment)) return { type: 'stdio', command: 'teelamma', args: ['mcp'] };
  return { type: 'stdio', command: running.node, args: [running.script, 'mcp'] };
}

/** The same installation as a line for a shell, with another command; Claude Code gives it to `sh`, on Windows to Git Bash. */
export function commandLine({ command, args }: Pick<ServerEntry, 'command' | 'args'>, name: string): string {
  return [command, ...args, name].map(shellWord).join(' ');
}

/** A word that a shell takes as it is. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function isOnPath(name: string, environment: Environment): boolean {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  // npx and npm scripts put a project's own node_modules/.bin there, where clients do not look.
  return folders
    .filter((folder) => !/[\\/]node_modules[\\/]\.bin$/.test(folder))
    .some((folder) => isExecutable(join(folder, name)) || isExecutable(join(folder, `${name}.cmd`)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
