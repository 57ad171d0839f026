import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { LogTail } from '../logging/LogTail.ts';
import { listLogFiles } from '../logging/log-files.ts';
import { parseEntry, type StoredEntry } from '../logging/stored-entry.ts';
import type { DecisionView } from './api/api-types.ts';

/** About 2,000 entries. A file of the log may have many times that, and reading it whole would hold up whoever shares the process. */
const tailBytes = 1_000_000;
const mostRequests = 1_000;

/**
 * The latest decisions of gateways, of every process of the installation, as the log has them: the ledger keeps their turns, and not why
 * they went where they went.
 */
export class GatewayFeed {
  private readonly folder: string;
  private tail: LogTail | null = null;
  private requests: DecisionView[] = [];
  private count = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Newest first: the latest 1,000 of those in the last megabyte of the log, and all since. */
  latest(): readonly DecisionView[] {
    this.poll();
    return this.requests;
  }

  /** Reads what is new; true where something was. A log that cannot be read has nothing new. */
  poll(): boolean {
    const before = this.count;
    try {
      if (this.tail === null) {
        this.tail = new LogTail(this.folder);
        this.add(lastLines(this.folder));
      }
      this.add(this.tail.poll());
    } catch {
      // Another user's folder, or none: `teelamma log` and `doctor` say so.
    }
    return this.count > before;
  }

  private add(lines: readonly string[]): void {
    const added: DecisionView[] = [];
    for (const line of lines) {
      // Most lines are of tasks; to parse them all would take longer than to look.
      const entry = line.includes('"door":"gateway"') ? parseEntry(line) : null;
      if (!entry) continue;
      this.count += 1;
      added.push(requestView(entry, this.count));
    }
    if (added.length > 0) {
      this.requests = [...added.reverse(), ...this.requests].slice(0, mostRequests);
    }
  }
}

function requestView({ time, agent, action, input, output }: StoredEntry, number: number): DecisionView {
  const [inTokens, outTokens] = [numberOf(output['inputTokens']), numberOf(output['outputTokens'])];
  const usedTokens = inTokens === null || outTokens === null ? null : inTokens + outTokens;
  return {
    // Sorts behind the ids of tasks of the same millisecond.
    id: `~${String(number).padStart(12, '0')}`,
    source: 'request',
    atMs: Date.parse(time),
    agent: action === 'refuse' ? 'none' : agent,
    model: textOrNull(input['model']),
    reason: textOrNull(output['reason']) ?? '',
    kind: 'gateway',
    project: null,
    door: 'gateway',
    estimatedTokens: numberOf(output['heldTokens']),
    usedTokens,
    chargedTokens: agent === 'claude-specialist' ? (usedTokens ?? 0) : 0,
    outcome: action === 'refuse' ? 'refused' : 'answered',
    latencyMs: numberOf(output['latencyMs']),
    title: null,
    handovers: typeof output['from'] === 'string' && output['from'] !== agent ? 1 : 0,
  };
}

/** Whole lines at the end of the newest file. */
function lastLines(folder: string): string[] {
  const newest = listLogFiles(folder).at(-1);
  if (!newest) return [];
  const descriptor = openSync(join(folder, newest.name), 'r');
  try {
    const { size } = fstatSync(descriptor);
    const chunk = Buffer.alloc(Math.min(tailBytes, size));
    const length = readSync(descriptor, chunk, 0, chunk.length, size - chunk.length);
    const lines = chunk.toString('utf8', 0, length).split('\n');
    // The first is cut where the file is longer, the last is empty or being written.
    return lines.slice(size > tailBytes ? 1 : 0, -1);
  } finally {
    closeSync(descriptor);
  }
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
