import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { AnswerBlock, ScriptedAnswer } from '../../src/simulators/scripted-answer.ts';

/** A small project in a temporary folder. */
export interface SampleProject {
  readonly folder: string;
  write(path: string, content: string): void;
  writeAll(files: Readonly<Record<string, string>>): void;
  /** Every file by its path, `.git` left out. */
  files(): Record<string, string>;
  remove(): void;
}

export const sampleFiles = {
  '.gitignore': 'node_modules/\n',
  'package.json': '{\n  "name": "shop",\n  "type": "module"\n}\n',
  'src/cart.js':
    'export function total(prices) {\n  return prices.reduce((sum, price) => sum - price, 0);\n}\n',
  'src/main.js': "import { total } from './cart.js';\n\nconsole.log(total([1, 2]));\n",
  'test/cart.test.js':
    "import assert from 'node:assert';\nimport { total } from '../src/cart.js';\n\nassert.equal(total([1, 2]), 3);\n",
} as const;

export function sampleProject(files: Readonly<Record<string, string>> = sampleFiles): SampleProject {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'teelamma-project-')));
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  const writeAll = (all: Readonly<Record<string, string>>) => {
    for (const [path, content] of Object.entries(all)) write(path, content);
  };
  writeAll(files);
  return {
    folder,
    write,
    writeAll,
    files: () => filesIn(folder),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** An answer that calls tools. */
export function calls(
  ...tools: ReadonlyArray<readonly [name: string, input: Record<string, unknown>]>
): ScriptedAnswer {
  return { content: tools.map(([name, input]): AnswerBlock => ({ type: 'tool_use', name, input })) };
}

function filesIn(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll('\\', '/'))
    .filter((path) => !path.startsWith('.git/'));
  return Object.fromEntries(files.toSorted().map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}
