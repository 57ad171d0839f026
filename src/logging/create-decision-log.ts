import { pino } from 'pino';
import { messageOf } from '../errors.ts';
import type { DecisionLog, LogEntry } from './LogEntry.ts';
import { maskSecrets } from './mask-secrets.ts';
import { RotatingFile } from './RotatingFile.ts';
import { redact } from './redact.ts';

export interface DecisionLogOptions {
  /** Created with mode 0700 at the first entry; files have 0600. */
  readonly folder: string;
  /** The lowest level that is written. */
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `hash`: prompts and answers as length and hash; `full`: as they are. Keys are masked in both. */
  readonly prompts: 'hash' | 'full';
  /** Files that are kept. Default 14, at least 2. */
  readonly maxFiles?: number;
  /** Size from which the next file is begun. Default 10,000,000. */
  readonly maxFileBytes?: number;
  /**
   * For a server: lines below `warn` wait so long for others, to be written in one append; a process that is killed loses them. Default 0:
   * each is written at once.
   */
  readonly gatherMs?: number;
}

export interface DecisionLogPorts {
  readonly nowMs: () => number;
  /** Told once when entries cannot be written; the work goes on without them. */
  readonly onProblem: (message: string) => void;
}

/** Longest line, newline included. */
export const maxEntryBytes = 65_536;
/** Gathered lines are written at this length, however soon. */
const maxGatheredCharacters = 65_536;
/** What `input` and `output` may take of it together; the rest is for the other fields and for markers. */
const maxDataBytes = 60_000;

/**
 * The log of decisions: one JSON line an entry, `{level, time, agent, action, taskId?, input, output}`, `time` in ISO 8601 UTC. An
 * entry that had to be cut has `"cut": true`. docs/logging.md describes format, rotation and redaction.
 *
 * `record` hands the line to the operating system at once, or with `gatherMs` a moment later and before the process ends by itself: no
 * thread has to be waited for.
 * Keys are masked by our own walk and not by pino's `redact`, which knows a key only by a path that was spelled out before.
 */
export function createDecisionLog(options: DecisionLogOptions, ports: DecisionLogPorts): DecisionLog {
  const file = new RotatingFile(
    {
      folder: options.folder,
      maxFiles: options.maxFiles ?? 14,
      maxFileBytes: options.maxFileBytes ?? 10_000_000,
    },
    { nowMs: ports.nowMs, onProblem: tell },
  );
  const logger = pino(
    {
      base: null,
      level: options.level,
      formatters: { level: (level) => ({ level }) },
      timestamp: () => `,"time":"${new Date(ports.nowMs()).toISOString()}"`,
    },
    {
      write(line: string) {
        gathered += line;
        gatheredEntries += 1;
      },
    },
  );
  const gatherMs = options.gatherMs ?? 0;
  let gathered = '';
  let gatheredEntries = 0;
  let timer: NodeJS.Timeout | undefined;
  let lostEntries = 0;
  let isReported = false;
  // Also where somebody calls process.exit().
  if (gatherMs > 0) process.once('exit', append);

  function format({ level, ...entry }: LogEntry): void {
    logger[level ?? 'info'](bounded(entry, options.prompts));
  }

  function append(): void {
    clearTimeout(timer);
    timer = undefined;
    if (gathered === '') return;
    const text = gathered;
    const count = gatheredEntries;
    gathered = '';
    gatheredEntries = 0;
    try {
      file.write(text);
    } catch (error) {
      lost(error, count);
      return;
    }
    if (lostEntries === 0) return;
    const output = { count: lostEntries };
    lostEntries = 0;
    format({ agent: 'log', action: 'entries-lost', level: 'warn', input: {}, output });
    append();
  }

  function tell(message: string): void {
    try {
      ports.onProblem(message);
    } catch {
      // Whoever listens must not end the task that is being logged.
    }
  }

  function lost(error: unknown, count: number): void {
    lostEntries += count;
    if (isReported) return;
    isReported = true;
    const problem = messageOf(error);
    tell(
      `Decisions cannot be logged in ${options.folder}: ${problem}. The work goes on without; check free space and permissions there.`,
    );
  }

  return {
    record(entry) {
      try {
        format(entry);
      } catch (error) {
        lost(error, 1);
        return;
      }
      const isUrgent = entry.level === 'warn' || entry.level === 'error';
      if (gatherMs === 0 || isUrgent || gathered.length >= maxGatheredCharacters) append();
      else timer ??= setTimeout(append, gatherMs);
    },
    async flush() {
      append();
      try {
        await file.flush();
      } catch (error) {
        lost(error, 0);
      }
    },
    async [Symbol.asyncDispose]() {
      append();
      process.removeListener('exit', append);
      file.close();
    },
  };
}

function bounded({ agent, action, taskId, input, output }: LogEntry, prompts: 'hash' | 'full') {
  const given = redact(input, { prompts, maxBytes: maxDataBytes / 2 });
  const came = redact(output, { prompts, maxBytes: maxDataBytes - given.bytes });
  return {
    agent: shortName(agent),
    action: shortName(action),
    ...(taskId !== undefined && { taskId: shortName(taskId) }),
    input: given.value,
    output: came.value,
    ...((given.isCut || came.isCut) && { cut: true }),
  };
}

function shortName(name: string): string {
  return maskSecrets(String(name).slice(0, 200));
}
