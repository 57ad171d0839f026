import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogTail } from '../../src/logging/LogTail.ts';
import { parseEntry } from '../../src/logging/stored-entry.ts';
import { temporaryHome } from '../support/temporary-home.ts';

const writer = resolve(import.meta.dirname, '../support/log-writer.ts');

let folder: string;
let remove: () => void;
let children: ChildProcess[];
beforeEach(() => {
  const home = temporaryHome();
  folder = join(home.home, 'logs');
  remove = home.remove;
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  remove();
});

/** A process that writes `count` entries named after `name`, and prints how many were recorded by then. */
function start(
  name: string,
  count: number,
  limits: { maxFileBytes: number; maxFiles: number },
): ChildProcess {
  const child = spawn(process.execPath, [writer, JSON.stringify({ folder, name, count, ...limits })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

function written(): string[] {
  return readdirSync(folder)
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map(idOf);
}

function idOf(line: string): string {
  const entry = parseEntry(line);
  expect(entry, `a torn line: ${line.slice(0, 200)}`).not.toBeNull();
  return String(entry?.input['id']);
}

function expected(names: readonly string[], count: number): string[] {
  return names.flatMap((name) => Array.from({ length: count }, (_, index) => `${name}-${index}`)).sort();
}

describe('several processes that log into one folder', () => {
  it('lose and tear no line, while files rotate', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const all = names.map((name) => start(name, 1_500, { maxFileBytes: 100_000, maxFiles: 1_000 }));
    await Promise.all(all.map((child) => once(child, 'exit')));
    expect(written().sort()).toEqual(expected(names, 1_500));
    const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
    expect(sizes.length).toBeGreaterThan(10);
    // Each of the four may pass the limit by one line of at most 2,000 bytes.
    expect(Math.max(...sizes)).toBeLessThan(100_000 + 4 * 2_000);
  });

  it('are followed by a reader that sees every line once', async () => {
    const tail = new LogTail(folder);
    const seen: string[] = [];
    const names = ['a', 'b', 'c'];
    const all = names.map((name) => start(name, 1_000, { maxFileBytes: 20_000, maxFiles: 1_000 }));
    let isRunning = true;
    void Promise.all(all.map((child) => once(child, 'exit'))).then(() => {
      isRunning = false;
    });
    while (isRunning) {
      seen.push(...tail.poll().map(idOf));
      await delay(5);
    }
    seen.push(...tail.poll().map(idOf));
    expect(seen.sort()).toEqual(expected(names, 1_000));
  });

  it('delete old files together, and never what was written last', async () => {
    const names = ['a', 'b', 'c'];
    const all = names.map((name) => start(name, 600, { maxFileBytes: 20_000, maxFiles: 5 }));
    await Promise.all(all.map((child) => once(child, 'exit')));
    await once(start('last', 1, { maxFileBytes: 20_000, maxFiles: 5 }), 'exit');
    expect(readdirSync(folder).length).toBeGreaterThan(1);
    expect(readdirSync(folder).length).toBeLessThanOrEqual(5);
    expect(written()).toContain('last-0');
  });

  it('keep what a killed process had recorded', async () => {
    const child = start('killed', 1_000_000, { maxFileBytes: 50_000_000, maxFiles: 2 });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await once(child.stdout ?? child, 'data');
    await delay(50);
    child.kill('SIGKILL');
    await once(child, 'close');
    const recorded =
      output
        .split('\n')
        .filter((line) => line !== '')
        .map(Number)
        .at(-1) ?? 0;
    expect(recorded).toBeGreaterThan(0);
    expect(written().length).toBeGreaterThanOrEqual(recorded);
  });
});
