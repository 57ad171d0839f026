import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DebtStore } from '../../src/pipeline/debt/DebtStore.ts';
import { type CommandBlock, commandBlocks } from '../support/command-blocks.ts';
import { startInstallation } from '../support/installation.ts';
import { describeInSandbox } from '../support/needs-sandbox.ts';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
const bookPages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
const pages = ['README.md', ...bookPages.map((name) => `docs/${name}`)];
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');
const blocks = pages.map((page) => ({ page, blocks: commandBlocks(page, textOf(page)) }));

/**
 * What a reader has on the PATH. A server is ended by a signal, as a reader would, once it has had time to start; its port is any free
 * one. Questions that a terminal would ask are answered with yes, and the webhook of the examples is one of this machine.
 */
const command = `#!/bin/sh
# In the foreground, so that it gets one signal: a second one would end it at once.
main="$DOCS_NODE $DOCS_MAIN"
case "$*" in
  init) exec $main init --yes ;;
  "run --workspace . "[!-]*) exec $main "$@" --apply ;;
  "config set notifications.webhookUrl https://example.com/"*) exec $main config set notifications.webhookUrl "$DOCS_WEBHOOK" ;;
  serve*|dashboard*) exec timeout --foreground --preserve-status -s TERM 4 $main "$@" --port 0 ;;
  "mcp --http"*) exec timeout --foreground --preserve-status -s TERM 4 $main "$@" --port 0 ;;
  *) exec $main "$@" ;;
esac
`;

/** `checks` runs what it finds in the sandbox, or not at all. */
const needsSandbox = ({ script }: CommandBlock) => script.includes('checks --run');

describe('the commands in the docs', () => {
  const runnable = blocks
    .map(({ page, blocks: all }) => ({
      page,
      blocks: all.filter((block) => block.notRun === null && !needsSandbox(block)),
    }))
    .filter(({ blocks: all }) => all.length > 0);

  it.concurrent.each(runnable)('$page: each block runs', async ({ blocks: all }) => {
    await using reader = await startReader();
    for (const block of all) await reader.run(block);
  });

  it('are run, but for a few that say why not', () => {
    const all = blocks.flatMap((page) => page.blocks);
    const left = all.filter(({ notRun }) => notRun !== null);
    expect(all.length - left.length).toBeGreaterThan(20);
    expect(left.length).toBeLessThanOrEqual(12);
    expect(left.filter(({ notRun }) => (notRun ?? '').length < 10)).toEqual([]);
  });
});

describeInSandbox('the commands in the docs that need a sandbox', () => {
  it.each(blocks.flatMap(({ blocks: all }) => all.filter(needsSandbox)))('$place runs', async (block) => {
    await using reader = await startReader();
    await reader.run(block);
  });
});

describe('the book', () => {
  it('has every page in its contents', () => {
    const contents = textOf('docs/README.md');
    const missing = bookPages.filter((name) => name !== 'README.md' && !contents.includes(`(${name})`));
    expect(missing).toEqual([]);
  });

  it('links to nothing that is not there', () => {
    const broken = pages.flatMap((page) =>
      [...textOf(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
        .map(([, path = '', part]) => ({ file: path === '' ? page : join(dirname(page), path), part }))
        .filter(({ file, part }) => !existsSync(join(root, file)) || (part && !partsOf(file).includes(part)))
        .map(({ file, part }) => `${page}: ${file}#${part}`),
    );
    expect(broken).toEqual([]);
  });

  const printed: Readonly<Record<string, RegExp>> = {
    'library.md': /^ollama-specialist, 0 tokens: true\n$/,
    'simulators.md': /^ollama-specialist Claude at .* answered 429/,
    'workspace.md': /^modified src\/auth\.ts diff --git/,
  };

  it('has no program that is not run here', () => {
    const withPrograms = bookPages.filter((name) => textOf(`docs/${name}`).includes('```ts\n'));
    expect(withPrograms.sort()).toEqual(Object.keys(printed).sort());
  });

  it.each(Object.entries(printed))('the program of %s compiles and runs as it is', async (name, expected) => {
    const [, program = ''] = /```ts\n([\s\S]*?)```/.exec(textOf(`docs/${name}`)) ?? [];
    await using reader = await startReader();
    // Within the repository, where the package is known by its own name.
    const folder = mkdtempSync(join(root, '.docs-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'program.ts');
    writeFileSync(file, program);
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const flags =
      '--ignoreConfig --noEmit --strict --skipLibCheck --allowImportingTsExtensions --target esnext --module nodenext --types node';
    await run(process.execPath, [tsc, ...flags.split(' '), file], { cwd: root });
    const { stdout } = await run(process.execPath, [file], {
      cwd: reader.project,
      env: reader.environment,
    });
    expect(stdout).toMatch(expected);
  });
});

/** The headings of a page, as links name them. */
function partsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Of the entry that a page of the docs shows. */
const debtId = '3f2a9c00-0000-4000-8000-000000000000';

/**
 * Somebody who reads a page and types what it says: a home and a project of their own, a desktop and a webhook that take everything, both
 * providers simulated, and something that Ollama did for want of budget.
 */
async function startReader() {
  const installation = await startInstallation();
  // The home of teelamma is closed to tasks, and the project is not in it.
  const home = installation.home;
  const ownHome = join(home, '.teelamma');
  const folder = join(home, 'project');
  const bin = join(home, 'bin');
  for (const each of [folder, bin, join(folder, 'src')]) mkdirSync(each);
  writeProgram(join(bin, 'teelamma'), command);
  writeProgram(join(bin, 'notify-send'), '#!/bin/sh\n');
  writeFileSync(join(folder, 'task.md'), 'Explain what a mutex is\n');
  writeFileSync(join(folder, 'package.json'), '{ "scripts": { "test": "test -s src/auth.ts" } }\n');
  writeFileSync(join(folder, 'src', 'auth.ts'), 'export const isKnown = (name: string) => name !== "";\n');
  await run('git', ['init', '-q'], { cwd: folder });
  await run('git', ['add', '-A'], { cwd: folder });
  writeFileSync(
    join(folder, 'src', 'auth.ts'),
    'export const isKnown = (name: string) => name.trim() !== "";\n',
  );
  const debts = new DebtStore(
    { folder: join(ownHome, 'state', 'debts'), keepMs: 86_400_000 },
    { nowMs: Date.now },
  );
  debts.add({
    taskId: debtId,
    reason: 'Token budget exhausted - automatic downgrade to Ollama',
    complexity: 'complex',
    confidence: 0.9,
    model: 'qwen3:8b',
    task: 'Write a function that adds two numbers',
    answer: 'const add = (a, b) => a + b;',
    files: [],
    verdict: { outcome: 'approved', issues: [] },
  });
  const webhook = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
  const environment = {
    ...installation.environment,
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: home,
    TEELAMMA_HOME: ownHome,
    DOCS_NODE: process.execPath,
    DOCS_MAIN: join(root, 'dist/cli/main.js'),
    DOCS_WEBHOOK: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/`,
    NO_COLOR: '1',
  };
  return {
    environment,
    project: folder,
    async run({ place, script, shown }: CommandBlock): Promise<void> {
      const running = run('sh', ['-e', '-c', script], { cwd: folder, env: environment });
      running.child.stdin?.end();
      const { stdout } = await running.catch((error: unknown) => {
        throw new Error(`${place} failed: ${String(error)}`);
      });
      const printed = new Set(stdout.split('\n'));
      expect(shown.filter((line) => !printed.has(line))).toEqual([]);
    },
    async [Symbol.asyncDispose]() {
      webhook.closeAllConnections();
      webhook.close();
      await installation[Symbol.asyncDispose]();
    },
  };
}

function writeProgram(file: string, text: string): void {
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}
