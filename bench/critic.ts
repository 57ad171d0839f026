/**
 * How often the critic is wrong, measured on code that exists: the labelled code fences of every Markdown file, and optionally
 * source files, below the given folders (default: node_modules).
 *
 *     node bench/critic.ts [--json] [--list] [--sources] [folder...]
 *
 * False alarms: the share of blocks that get an error, per language and kind. All blocks are taken for correct, so the share is
 * an upper bound: documentation holds mistakes. `--list` prints each, to be judged by hand.
 * Recall: of the blocks that pass, the share that is flagged after one bracket outside of comments and
 * strings is deleted, and after the end half of the lines is cut off
 * (blocks of six lines or more). Some of what such a mutation leaves is valid code, so 100 % cannot be reached.
 * Time: one review of an answer of about 200 KB made of these blocks.
 */
import { glob, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Critic } from '../src/agents/Critic.ts';
import { extractCodeBlocks } from '../src/agents/critic/code-blocks.ts';
import { rulesFor } from '../src/agents/critic/languages.ts';
import type { Issue } from '../src/agents/verdict.ts';
import type { Message } from '../src/messages/types.ts';

interface Sample {
  readonly source: string;
  readonly language: string;
  readonly code: string;
}

interface Row {
  blocks: number;
  alarms: Record<string, number>;
  flagged: number;
  bracketTried: number;
  bracketFound: number;
  halfTried: number;
  halfFound: number;
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, list: { type: 'boolean' }, sources: { type: 'boolean' } },
});
const critic = new Critic({ parseTimeLimitMs: 60_000 });
const random = seededRandom(1);
const samples = await collect(positionals.length === 0 ? ['node_modules'] : positionals);
const rows = new Map<string, Row>();

for (const sample of samples) {
  const row = rowOf(sample.language);
  row.blocks += 1;
  const errors = await errorsOf(sample.language, sample.code);
  for (const kind of new Set(errors.map((issue) => issue.kind)))
    row.alarms[kind] = (row.alarms[kind] ?? 0) + 1;
  if (errors.length > 0) {
    row.flagged += 1;
    if (flags.list)
      console.log(
        `--- ${sample.source}\n${errors.map((issue) => issue.message).join('\n')}\n${sample.code}\n`,
      );
    continue;
  }
  const withoutBracket = deleteBracket(sample.code);
  if (withoutBracket !== undefined) {
    row.bracketTried += 1;
    if ((await errorsOf(sample.language, withoutBracket)).length > 0) row.bracketFound += 1;
  }
  const lines = sample.code.split('\n');
  if (lines.length >= 6) {
    row.halfTried += 1;
    const half = lines.slice(0, Math.ceil(lines.length / 2)).join('\n');
    if ((await errorsOf(sample.language, half)).length > 0) row.halfFound += 1;
  }
}

const reviewMs = await timeReviews();
const table = [...rows].sort(([a], [b]) => a.localeCompare(b));
if (flags.json) {
  console.log(JSON.stringify({ languages: Object.fromEntries(table), review200KbMs: reviewMs }, null, 2));
} else {
  console.log('language      blocks  flagged          by kind / found of: bracket deleted, second half cut');
  for (const [language, row] of table) {
    console.log(
      `${language.padEnd(12)} ${String(row.blocks).padStart(7)}  ${share(row.flagged, row.blocks).padEnd(14)}  ` +
        `${share(row.bracketFound, row.bracketTried).padEnd(18)} ${share(row.halfFound, row.halfTried).padEnd(18)} ${JSON.stringify(row.alarms)}`,
    );
  }
  console.log(`review of 200 KB, ms: ${reviewMs.map((ms) => ms.toFixed(0)).join(' ')}`);
}

async function collect(folders: readonly string[]): Promise<readonly Sample[]> {
  const found = new Map<string, Sample>();
  const add = (source: string, language: string, code: string): void => {
    if (rulesFor(language) === undefined || code.trim() === '' || code.length > 200_000) return;
    found.set(`${language}\n${code}`, { source, language, code });
  };
  for (const folder of folders) {
    for await (const path of glob('**/*', { cwd: folder })) {
      const file = join(folder, path);
      const extension = extname(path).slice(1).toLowerCase();
      if (/^(?:md|markdown)$/.test(extension)) {
        for (const block of extractCodeBlocks(await read(file)))
          add(`${file}:${block.line}`, block.language, block.code);
      } else if (flags.sources && rulesFor(extension) !== undefined) {
        add(file, extension, await read(file));
      }
    }
  }
  return [...found.values()];
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return '';
  }
}

async function errorsOf(language: string, code: string): Promise<readonly Issue[]> {
  const { issues } = await critic.review({
    task: 'Write this code.',
    message: answer(fenced(language, code)),
  });
  return issues.filter((issue) => issue.severity === 'error');
}

function fenced(language: string, code: string): string {
  return `~~~~~~~~~~${language}\n${code}\n~~~~~~~~~~\n`;
}

function answer(text: string): Message {
  return {
    role: 'assistant',
    stop_reason: 'end_turn',
    content: [{ type: 'text', text, citations: null }],
  } as unknown as Message;
}

function deleteBracket(code: string): string | undefined {
  const places = [...code.matchAll(/[()[\]{}]/g)]
    .map((match) => match.index)
    .filter((index) => isCode(code, index));
  const place = places[Math.floor(random() * places.length)];
  return place === undefined ? undefined : code.slice(0, place) + code.slice(place + 1);
}

/** Roughly: nothing before it on its line begins a comment or leaves a string open. */
function isCode(code: string, index: number): boolean {
  const before = code.slice(code.lastIndexOf('\n', index - 1) + 1, index);
  const hasOpenString = ['"', "'", '`'].some((quote) => before.split(quote).length % 2 === 0);
  return !hasOpenString && !/\/\/|\/\*|#|^\s*\*/.test(before);
}

async function timeReviews(): Promise<readonly number[]> {
  let text = '';
  for (const sample of samples) {
    if (text.length > 200_000) break;
    if (sample.code.length < 20_000) text += fenced(sample.language, sample.code);
  }
  const times: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    const start = performance.now();
    await critic.review({ task: 'Write this code.', message: answer(text) });
    times.push(performance.now() - start);
  }
  return times;
}

function rowOf(language: string): Row {
  const row = rows.get(language) ?? {
    blocks: 0,
    alarms: {},
    flagged: 0,
    bracketTried: 0,
    bracketFound: 0,
    halfTried: 0,
    halfFound: 0,
  };
  rows.set(language, row);
  return row;
}

function share(part: number, whole: number): string {
  return whole === 0 ? '-' : `${part}/${whole} ${((100 * part) / whole).toFixed(1)}%`;
}

/** mulberry32, so that every run deletes the same brackets. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}
