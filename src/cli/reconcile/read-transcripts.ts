import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isRecord } from '../../messages/open-record.ts';
import { fromApiUsage, type TokenUsage } from '../../messages/token-usage.ts';

/** One answer of Claude, as Claude Code's transcripts have it. */
export interface TranscriptAnswer {
  readonly messageId: string;
  readonly model: string;
  /** When Claude Code wrote its last entry of it. */
  readonly atMs: number;
  readonly usage: TokenUsage;
}

export interface Transcripts {
  readonly answers: readonly TranscriptAnswer[];
  readonly files: number;
  /** Lines that are no JSON: torn ends of sessions that were killed, and foreign files. */
  readonly unreadableLines: number;
}

/**
 * Reads the transcripts below a folder (`~/.claude/projects`), line by line, so their size does not matter; nothing is written. An
 * answer has an entry for each of its blocks, and a resumed session repeats those of the one before: of each message id the last counts.
 * Answers that Claude Code made itself (`<synthetic>`) never were at the API.
 */
export async function readTranscripts(folder: string, sinceMs: number): Promise<Transcripts> {
  const byId = new Map<string, TranscriptAnswer>();
  const files = transcriptFiles(folder, sinceMs);
  let unreadableLines = 0;
  for (const file of files) {
    const lines = createInterface({
      input: createReadStream(file, 'utf8'),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    for await (const line of lines) {
      if (line.trim() === '') continue;
      const entry = parse(line);
      if (entry === undefined) unreadableLines += 1;
      const answer = entry === undefined ? null : answerOf(entry);
      if (!answer) continue;
      const known = byId.get(answer.messageId);
      if (!known || answer.atMs >= known.atMs) byId.set(answer.messageId, answer);
    }
  }
  const answers = [...byId.values()].filter(({ atMs }) => atMs >= sinceMs);
  return { answers: answers.sort((a, b) => a.atMs - b.atMs), files: files.length, unreadableLines };
}

/** A file that was not written to since then has nothing that is asked for. */
function transcriptFiles(folder: string, sinceMs: number): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.jsonl'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= sinceMs)
    .sort();
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function answerOf(entry: unknown): TranscriptAnswer | null {
  if (!isRecord(entry) || entry['type'] !== 'assistant' || !isRecord(entry['message'])) return null;
  const { id, model, usage } = entry['message'];
  const atMs = typeof entry['timestamp'] === 'string' ? Date.parse(entry['timestamp']) : Number.NaN;
  if (typeof id !== 'string' || typeof model !== 'string' || !isRecord(usage) || Number.isNaN(atMs))
    return null;
  if (model === '<synthetic>') return null;
  return { messageId: id, model, atMs, usage: fromApiUsage(usage) };
}
