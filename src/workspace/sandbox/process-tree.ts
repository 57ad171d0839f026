import { readdirSync, readFileSync } from 'node:fs';

/** A process and everything below it. */
export interface ProcessTree {
  readonly pids: readonly number[];
  /** Threads of all of them. */
  readonly threads: number;
  /** Resident, less what is shared with others (files, libraries). */
  readonly memoryBytes: number;
}

/**
 * Reads the tree from /proc, which Linux alone has; elsewhere it is empty. In a PID namespace an orphan falls to the namespace's
 * first process, so nothing that a sandbox started can leave the tree.
 */
export function processTree(rootPid: number): ProcessTree {
  const children = new Map<number, number[]>();
  const threadsOf = new Map<number, number>();
  for (const name of processNames()) {
    const stat = read(`/proc/${name}/stat`);
    // The command's name in brackets may hold anything; what follows the last bracket is numbers.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const parent = Number(fields[1]);
    if (!Number.isInteger(parent)) continue;
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    threadsOf.set(Number(name), Number(fields[17]));
  }
  const pids: number[] = [];
  const pending = threadsOf.has(rootPid) ? [rootPid] : [];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    pids.push(pid);
    pending.push(...(children.get(pid) ?? []));
  }
  return {
    pids,
    threads: pids.reduce((sum, pid) => sum + (threadsOf.get(pid) ?? 0), 0),
    memoryBytes: pids.reduce((sum, pid) => sum + ownMemory(pid), 0),
  };
}

function processNames(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** Pages of 4 KiB: resident less shared, see proc(5) on statm. */
function ownMemory(pid: number): number {
  const [, resident, shared] = read(`/proc/${pid}/statm`).split(' ').map(Number);
  return Math.max(0, (resident ?? 0) - (shared ?? 0)) * 4096;
}

/** A process may end while it is looked at. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
