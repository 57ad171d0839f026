import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Critic } from '../../src/agents/Critic.ts';
import type { Issue } from '../../src/agents/verdict.ts';
import type { Message } from '../../src/messages/types.ts';
import type { FileChange } from '../../src/workspace/FileChange.ts';
import { added, type DefectKind, defects, modified, type Source, seededRandom } from './seeded-defects.ts';

export interface Measurement {
  /** Files as they are, with a comment added, as a task leaves a file that it did no harm to. */
  readonly untouched: { readonly files: number; readonly alarms: readonly string[] };
  /** The same files as if a task had written them: nothing that they had before excuses them. */
  readonly writtenAnew: { readonly files: number; readonly alarms: readonly string[] };
  readonly byKind: Readonly<
    Record<
      DefectKind,
      { readonly seeded: number; readonly found: number; readonly missed: readonly string[] }
    >
  >;
}

/** Source files below a folder that are code which people wrote, in a fixed order. */
export function findSources(root: string, most: number, seed: number): readonly Source[] {
  const random = seededRandom(seed);
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) =>
        /\.(?:[cm]?js|[cm]?ts|py)$/.test(path) && !/\.min\.|\.bundle\.|[\\/]node_modules[\\/]/.test(path),
    )
    .sort();
  for (let last = paths.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [paths[last], paths[other]] = [paths[other] ?? '', paths[last] ?? ''];
  }
  const sources: Source[] = [];
  for (const path of paths) {
    if (sources.length >= most) break;
    const text = read(root, path);
    if (text !== null && text.length >= 500 && text.length <= 60_000) sources.push({ path, text });
  }
  return sources;
}

/** Reviews every file untouched, then with one defect of each kind, as a task would have changed it. */
export async function measureCritic(
  root: string,
  sources: readonly Source[],
  perKind: number,
  seed: number,
): Promise<Measurement> {
  const critic = new Critic({ parseTimeLimitMs: 60_000 });
  const random = seededRandom(seed);
  const errors = async (change: FileChange): Promise<readonly Issue[]> => {
    const { issues } = await critic.review({
      task: 'Change this file.',
      message,
      files: [change],
      readFile: (path) => read(root, path),
    });
    return issues.filter(({ severity }) => severity === 'error');
  };
  const alarms: string[] = [];
  const alarmsAnew: string[] = [];
  const sound: Source[] = [];
  for (const source of sources) {
    const comment = source.path.endsWith('.py') ? '# Looked at.' : '// Looked at.';
    const touched = `${source.text.trimEnd()}\n${comment}\n`;
    for (const { message } of await errors(modified(source.path, source.text, touched)))
      alarms.push(`${source.path}: ${message}`);
    const found = await errors(added(source.path, source.text));
    if (found.length === 0) sound.push(source);
    else alarmsAnew.push(`${source.path}: ${found[0]?.message}`);
  }
  const byKind = {} as Record<DefectKind, { seeded: number; found: number; missed: string[] }>;
  for (const kind of Object.keys(defects) as DefectKind[]) {
    const row = { seeded: 0, found: 0, missed: [] as string[] };
    byKind[kind] = row;
    for (const source of sound) {
      if (row.seeded >= perKind) break;
      const change = defects[kind](source, random);
      if (change === undefined) continue;
      row.seeded += 1;
      if ((await errors(change)).length > 0) row.found += 1;
      else row.missed.push(source.path);
    }
  }
  return {
    untouched: { files: sources.length, alarms },
    writtenAnew: { files: sources.length, alarms: alarmsAnew },
    byKind,
  };
}

/** Wilson's interval for a share, at 95 %. */
export function bounds(part: number, whole: number): readonly [low: number, high: number] {
  if (whole === 0) return [0, 1];
  const z = 1.96;
  const share = part / whole;
  const middle = (share + (z * z) / (2 * whole)) / (1 + (z * z) / whole);
  const half =
    (z * Math.sqrt((share * (1 - share)) / whole + (z * z) / (4 * whole * whole))) / (1 + (z * z) / whole);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

const message = {
  role: 'assistant',
  stop_reason: 'end_turn',
  content: [{ type: 'text', text: 'Changed.', citations: null }],
} as unknown as Message;

function read(root: string, path: string): string | null {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return null;
  }
}
