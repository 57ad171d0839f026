/**
 * Fits the Router on measured prompts and writes `src/agents/router-weights.json` and the tables of `docs/router.md`.
 *
 *     npm run router:fit [-- path/to/train.jsonl] [--check]
 *
 * The data is not part of the repository; its default place is beside it. With `--check` nothing is written, and the exit code is 1
 * if the committed files differ from what the fit gives. The same data gives the same files.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { extractFeatures } from '../src/agents/router-features.ts';
import { type RouterWeights, shippedRouterWeights } from '../src/agents/router-weights.ts';
import { leaveOneSourceOut } from './router/evaluate.ts';
import { fitHeads } from './router/fit-heads.ts';
import { readLabelledTasks } from './router/judge-tasks.ts';
import { readPrompts } from './router/read-prompts.ts';
import { fillReport, reportTables } from './router/report.ts';

const root = new URL('../', import.meta.url);
const weightsFile = new URL('src/agents/router-weights.json', root);
const reportFile = new URL('docs/router.md', root);

function main(): number {
  const { values, positionals } = parseArgs({
    options: { check: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const dataPath = positionals[0] ?? fileURLToPath(new URL('../shared/router/train.jsonl', root));
  const { prompts, leftOut } = readPrompts(dataPath);
  const examples = prompts.map((prompt) => ({ ...prompt, features: extractFeatures(prompt.text) }));

  const weights: RouterWeights = { ...shippedRouterWeights, fitted: fitHeads(examples) };
  const tables = reportTables({
    examples,
    leftOut,
    sha256: createHash('sha256').update(readFileSync(dataPath)).digest('hex'),
    results: leaveOneSourceOut(examples, weights),
    weights,
    tasks: readLabelledTasks(new URL('test/fixtures/router-tasks.jsonl', root)),
  });
  console.log(`${tables.overall}\n\n${tables['operating-point']}\n\n${tables.tasks}\n`);

  const results = [
    put(weightsFile, `${JSON.stringify(weights, null, 2)}\n`, values.check),
    put(reportFile, fillReport(readFileSync(reportFile, 'utf8'), tables), values.check),
  ];
  return values.check && results.includes('differs') ? 1 : 0;
}

function put(file: URL, content: string, isCheck: boolean): 'same' | 'differs' {
  const name = file.href.slice(root.href.length);
  const isSame = readFileSync(file, 'utf8') === content;
  if (!isSame && !isCheck) writeFileSync(file, content);
  const said = isCheck
    ? 'differs from what the fit gives: run `npm run router:fit` and commit it'
    : 'written';
  console.log(`${name}: ${isSame ? 'as committed' : said}`);
  return isSame ? 'same' : 'differs';
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(`router:fit: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
