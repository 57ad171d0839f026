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
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type CommandBlock, commandBlocks } from '../support/command-blocks.ts';
import { startInstallation } from '../support/installation.ts';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
const bookPages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
const pages = ['README.md', ...bookPages.map((name) => `docs/${name}`)];
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');
const blocks = pages.map((page) => ({ page, blocks: commandBlocks(page, textOf(page)) }));

/** What a reader has on the PATH. A server is ended by a signal, as a reader would, once it has had time to start; its port is any free one. */
const command = `#!/bin/sh
# In the foreground, so that it gets one signal: a second one would end it at once.
main="$DOCS_NODE $DOCS_MAIN"
case "$*" in
  serve*|dashboard*) exec timeout --foreground --preserve-status -s TERM 4 $main "$@" --port 0 ;;
  "mcp --http"*) exec timeout --foreground --preserve-status -s TERM 4 $main "$@" --port 0 ;;
  *) exec $main "$@" ;;
esac
`;

describe('the commands in the docs', () => {
  const runnable = blocks.filter(({ blocks: all }) => all.some(({ notRun }) => notRun === null));

  it.concurrent.each(runnable)('$page: each block runs', async ({ blocks: all }) => {
    await using reader = await startReader();
    for (const block of all) if (block.notRun === null) await reader.run(block);
  });

  it('are run, but for a few that say why not', () => {
    const all = blocks.flatMap((page) => page.blocks);
    const left = all.filter(({ notRun }) => notRun !== null);
    expect(all.length - left.length).toBeGreaterThan(15);
    expect(left.length).toBeLessThanOrEqual(16);
    expect(left.filter(({ notRun }) => (notRun ?? '').length < 10)).toEqual([]);
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
      [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !existsSync(resolve(root, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it("the library's program compiles and runs as it is", async () => {
    const [, program = ''] = /```ts\n([\s\S]*?)```/.exec(textOf('docs/library.md')) ?? [];
    await using reader = await startReader();
    // Within the repository, where the package is known by its own name.
    const folder = mkdtempSync(join(root, '.docs-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'program.ts'), program);
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const flags =
      '--ignoreConfig --noEmit --strict --skipLibCheck --target es2023 --module nodenext --types node'.split(
        ' ',
      );
    await run(process.execPath, [tsc, ...flags, join(folder, 'program.ts')], { cwd: root });
    const { stdout } = await run(process.execPath, [join(folder, 'program.ts')], {
      env: reader.environment,
    });
    expect(stdout).toBe('ollama-specialist, 0 tokens: true\n');
  });
});

/** Somebody who reads a page and types what it says: a home and a project of their own, and both providers simulated. */
async function startReader() {
  const installation = await startInstallation();
  const folder = join(installation.home, 'project');
  const bin = join(installation.home, 'bin');
  for (const each of [folder, bin, join(folder, 'src')]) mkdirSync(each);
  writeFileSync(join(bin, 'teelamma'), command);
  chmodSync(join(bin, 'teelamma'), 0o755);
  writeFileSync(join(folder, 'task.md'), 'Explain what a mutex is\n');
  writeFileSync(join(folder, 'src', 'auth.ts'), 'export const isKnown = (name: string) => name !== "";\n');
  await run('git', ['init', '-q'], { cwd: folder });
  await run('git', ['add', '-A'], { cwd: folder });
  writeFileSync(
    join(folder, 'src', 'auth.ts'),
    'export const isKnown = (name: string) => name.trim() !== "";\n',
  );
  const environment = {
    ...installation.environment,
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: installation.home,
    DOCS_NODE: process.execPath,
    DOCS_MAIN: join(root, 'dist/cli/main.js'),
    NO_COLOR: '1',
  };
  return {
    environment,
    async run({ place, script, shown }: CommandBlock): Promise<void> {
      const running = run('sh', ['-e', '-c', script], { cwd: folder, env: environment });
      running.child.stdin?.end();
      const { stdout } = await running.catch((error: unknown) => {
        throw new Error(`${place} failed: ${String(error)}`);
      });
      const printed = new Set(stdout.split('\n'));
      expect(shown.filter((line) => !printed.has(line))).toEqual([]);
    },
    [Symbol.asyncDispose]: () => installation[Symbol.asyncDispose](),
  };
}
