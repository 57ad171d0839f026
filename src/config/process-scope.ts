import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Environment } from './Config.ts';

/** By which way work comes in. */
export type Door = 'cli' | 'mcp' | 'gateway' | 'library';

/** What everything that a process does has in common, for the budgets that match on it. */
export interface ProcessScope {
  readonly door: Door;
  readonly user?: string;
  readonly project?: string;
}

/**
 * The scope of a process that works in `folder`. The project is `TEELAMMA_PROJECT`, else the name of the nearest folder upwards with a
 * `.git`, else the folder's own name: a name and no path, so that a budget means the same on each machine of a team. A gateway serves
 * whoever asks, from wherever, so of its project nothing is known unless the variable says it. The user is the operating system's.
 */
export function processScope(environment: Environment, door: Door, folder: string): ProcessScope {
  const user = userName();
  const project = environment['TEELAMMA_PROJECT'] || (door === 'gateway' ? '' : projectName(resolve(folder)));
  return { door, ...(user && { user }), ...(project && { project }) };
}

function projectName(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return basename(at);
    if (dirname(at) === at) return basename(folder);
  }
}

/** Some containers run under a number that no user has; then nothing is known. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}
