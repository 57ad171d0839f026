export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof logLevels)[number];

/** An entry as it was read from a file of the log. Fields that are not named here stay as they are. */
export interface StoredEntry {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly level: LogLevel;
  readonly agent: string;
  readonly action: string;
  readonly taskId?: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>>;
  /** Set where the entry was too big and had to be cut. */
  readonly cut?: true;
}

/** Which entries are asked for; what is absent lets all pass. */
export interface LogFilter {
  readonly agent?: string;
  readonly action?: string;
  /** A task's id, or how it starts. */
  readonly taskId?: string;
  readonly sinceMs?: number;
  /** The lowest level. */
  readonly level?: LogLevel;
}

/** Reads one line; null where it is not an entry (torn by a crash, edited by hand). */
export function parseEntry(line: string): StoredEntry | null {
  try {
    const value: unknown = JSON.parse(line);
    return isEntry(value) ? value : null;
  } catch {
    return null;
  }
}

export function matchesFilter(entry: StoredEntry, filter: LogFilter): boolean {
  const { agent, action, taskId, sinceMs, level } = filter;
  return (
    (agent === undefined || entry.agent === agent) &&
    (action === undefined || entry.action === action) &&
    (taskId === undefined || entry.taskId?.startsWith(taskId) === true) &&
    (sinceMs === undefined || Date.parse(entry.time) >= sinceMs) &&
    (level === undefined || logLevels.indexOf(entry.level) >= logLevels.indexOf(level))
  );
}

function isEntry(value: unknown): value is StoredEntry {
  if (!isObject(value)) return false;
  const { time, level, agent, action, taskId, input, output } = value;
  return (
    typeof time === 'string' &&
    Number.isFinite(Date.parse(time)) &&
    (logLevels as readonly unknown[]).includes(level) &&
    typeof agent === 'string' &&
    typeof action === 'string' &&
    (taskId === undefined || typeof taskId === 'string') &&
    isObject(input) &&
    isObject(output)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
