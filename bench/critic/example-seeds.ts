import { mkdtempSync, rmSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { definedFunctions, exampleLanguage } from '../../src/workspace/examples/example-programs.ts';
import { extractExamples } from '../../src/workspace/examples/extract-examples.ts';
import type { SandboxSearch } from '../../src/workspace/sandbox/find-sandbox.ts';
import { defaultLimits } from '../../src/workspace/sandbox/Sandbox.ts';
import type { Random, Source } from './seeded-defects.ts';

/** A file whose function has an example that holds, and the same file with a change by which it holds no more. */
export interface ExampleSeed {
  readonly path: string;
  readonly sound: string;
  readonly defect: string;
}

/** What functions are called with, to find out what they give. */
const argumentLists: readonly (readonly unknown[])[] = [['a-b c'], [7], [[3, 1, 2]], ['a', 'b'], [7, 2], []];

/** One token for another: what a model gets wrong in code that still runs. */
const mutations: ReadonlyArray<readonly [from: RegExp, to: string]> = [
  [/===/, '!=='],
  [/ < /, ' >= '],
  [/ > /, ' <= '],
  [/ \+ /, ' - '],
  [/ - /, ' + '],
  [/&&/, '||'],
  [/\|\|/, '&&'],
  [/\btrue\b/, 'false'],
  [/\bfalse\b/, 'true'],
  [/\b0\b/, '1'],
  [/\b1\b/, '2'],
  [/!(?=[\w(])/, ''],
  [/return /, 'return !'],
];

interface Candidate {
  readonly code: string;
  readonly calls: ReadonlyArray<{ readonly name: string; readonly arguments: readonly unknown[] }>;
}

/**
 * Makes seeds from real files without relative imports: functions are called in the sandbox; what one gives becomes its example; then a token
 * of it is changed, and the change is kept where the function truly gives something else. That truth does not come from the critic.
 */
export async function exampleSeeds(
  sources: readonly Source[],
  most: number,
  random: Random,
  search: SandboxSearch & { readonly found: true },
): Promise<readonly ExampleSeed[]> {
  const usable = sources.flatMap(({ path, text }) => {
    const language = exampleLanguage(extname(path).slice(1));
    if (language === undefined || language === 'python' || /\.d\.[cm]?ts$/.test(path)) return [];
    if (/\brequire\(|\bimport\b[^\n]*['"]|\bfrom\s*['"]|\bMath\.random|\bDate\b|process\./.test(text))
      return [];
    const names = definedFunctions(text, language).slice(0, 8);
    const plain = language === 'typescript' ? withoutTypes(text) : text;
    return names.length === 0 || plain === null ? [] : [{ path, text, plain, names, language }];
  });
  const asked = usable.slice(0, most * 12);
  const results = await evaluate(
    asked.map(({ plain, names }) => ({
      code: plain,
      calls: names.flatMap((name) => argumentLists.map((given) => ({ name, arguments: given }))),
    })),
    search,
  );
  const documented = asked.flatMap(({ path, text, names, language }, index) => {
    const calls = names.flatMap((name) => argumentLists.map((given) => ({ name, arguments: given })));
    const told = calls.flatMap((call, at) => {
      const value = results[index]?.[at];
      if (typeof value !== 'string' || value === 'null' || value.length > 60) return [];
      const example = `${call.name}(${call.arguments.map((each) => JSON.stringify(each)).join(', ')}) returns ${value}`;
      return extractExamples(example).length === 1 ? [{ call, value, example }] : [];
    });
    const chosen = told[Math.floor(random() * told.length)];
    if (chosen === undefined) return [];
    const start = startOf(text, chosen.call.name);
    if (start === -1) return [];
    const sound = `${text.slice(0, start)}// ${chosen.example}\n${text.slice(start)}`;
    return [{ path, sound, language, ...chosen, start }];
  });
  const changed = documented.flatMap(({ path, sound, language, call, value, start }) => {
    const body = sound.slice(start);
    const end = body.search(/\n\}/);
    const own = end === -1 ? body : body.slice(0, end);
    const from = own.indexOf('{');
    return mutations.flatMap(([token, to]) => {
      const rest = own.slice(from);
      if (from === -1 || !token.test(rest)) return [];
      const defect =
        sound.slice(0, start) + own.slice(0, from) + rest.replace(token, to) + body.slice(own.length);
      const plain = language === 'typescript' ? withoutTypes(defect) : defect;
      return plain === null
        ? []
        : [{ path, sound, defect, value, candidate: { code: plain, calls: [call] } }];
    });
  });
  const outcomes = await evaluate(
    changed.map(({ candidate }) => candidate),
    search,
  );
  const seeds = new Map<string, ExampleSeed>();
  for (const [index, { path, sound, defect, value }] of changed.entries()) {
    const given = outcomes[index]?.[0];
    const isOther = typeof given === 'string' && given !== value;
    if (isOther && !seeds.has(path)) seeds.set(path, { path, sound, defect });
  }
  return [...seeds.values()].slice(0, most);
}

/** What each call gives, as JSON; null where it gives nothing that can be written so. */
async function evaluate(
  candidates: readonly Candidate[],
  { sandbox }: SandboxSearch & { readonly found: true },
): Promise<ReadonlyArray<ReadonlyArray<string | null>>> {
  const folder = mkdtempSync(join(tmpdir(), 'teelamma-seeds-'));
  try {
    const outcome = await sandbox.run({
      argv: ['node', '--input-type=module', '-e', evaluator],
      folder: '/tmp',
      mounts: [],
      homeFolder: join(folder, 'home'),
      environment: {},
      input: JSON.stringify(candidates),
      limits: { ...defaultLimits, timeMs: 900_000, outputBytes: 64 * 1024 ** 2 },
    });
    const results: (string | null)[][] = [];
    for (const line of outcome.output.split('\n')) {
      const [, index, text = ''] = /^@@(\d+) (.*)$/.exec(line) ?? [];
      if (index !== undefined) results[Number(index)] = JSON.parse(text);
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each candidate in a thread of its own, which is ended after two seconds; twice, so that what differs by itself is left out. */
const evaluator = `
import { Worker } from 'node:worker_threads';
let text = '';
for await (const chunk of process.stdin) text += chunk;
const worker = \`
import { parentPort, workerData } from 'node:worker_threads';
console.log = console.error = console.warn = console.info = () => {};
const { code, calls } = workerData;
const names = [...new Set(calls.map(({ name }) => name))];
const collect = '\\\\n;globalThis.collected = { ' + names.map((name) => name + ': typeof ' + name + " === 'undefined' ? undefined : " + name).join(', ') + ' };';
const results = [];
try {
  if (/^\\\\s*(?:import|export)\\\\b/m.test(code)) await import('data:text/javascript;base64,' + Buffer.from(code + collect).toString('base64'));
  else new Function('module', 'exports', code + collect)({ exports: {} }, {});
} catch {}
for (const { name, arguments: given } of calls) {
  try {
    const value = await globalThis.collected?.[name](...structuredClone(given));
    const isPlain = ['string', 'number', 'boolean'].includes(typeof value) || Array.isArray(value);
    results.push(isPlain && JSON.stringify(JSON.parse(JSON.stringify(value))) === JSON.stringify(value) ? JSON.stringify(value) : null);
  } catch { results.push(null); }
}
parentPort.postMessage(results);
\`;
const run = (workerData) => new Promise((resolve) => {
  const thread = new Worker(new URL('data:text/javascript;base64,' + Buffer.from(worker).toString('base64')), { workerData, stdout: true, stderr: true });
  const timer = setTimeout(() => { thread.terminate(); resolve([]); }, 2000);
  const end = (value) => { clearTimeout(timer); thread.terminate(); resolve(value); };
  thread.once('message', end).once('error', () => end([])).once('exit', () => end([]));
});
for (const [index, candidate] of JSON.parse(text).entries()) {
  const [first, second] = [await run(candidate), await run(candidate)];
  console.log('@@' + index + ' ' + JSON.stringify(first.map((value, at) => (value === second[at] ? value : null))));
}
process.exit(0);
`;

function startOf(text: string, name: string): number {
  const escaped = name.replaceAll('$', '\\$');
  const pattern = new RegExp(
    `^(?:export )?(?:default )?(?:async )?(?:function|const|let|var) ${escaped}(?![\\w$])`,
    'm',
  );
  return text.search(pattern);
}

function withoutTypes(code: string): string | null {
  try {
    return stripTypeScriptTypes(code);
  } catch {
    return null;
  }
}
