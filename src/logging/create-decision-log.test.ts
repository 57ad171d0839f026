import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryHome } from '../../test/support/temporary-home.ts';
import { createDecisionLog, type DecisionLogOptions, maxEntryBytes } from './create-decision-log.ts';
import type { LogEntry } from './LogEntry.ts';

const noon = Date.parse('2026-11-03T12:00:00Z');
const day = 86_400_000;

let folder: string;
let remove: () => void;
let nowMs: number;
let problems: string[];

beforeEach(() => {
  const home = temporaryHome();
  folder = join(home.home, 'logs');
  remove = home.remove;
  nowMs = noon;
  problems = [];
});
afterEach(() => remove());

function open(options: Partial<DecisionLogOptions> = {}) {
  return createDecisionLog(
    { folder, level: 'info', prompts: 'hash', ...options },
    { nowMs: () => nowMs, onProblem: (problem) => problems.push(problem) },
  );
}

function entry(more: Partial<LogEntry> = {}): LogEntry {
  return { agent: 'critic', action: 'review', input: {}, output: {}, ...more };
}

function lines(): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '');
}

function entries(): Record<string, unknown>[] {
  return lines().map((line) => JSON.parse(line));
}

describe('the decision log', () => {
  it('gathers lines where it is asked to, and writes them all when it is flushed or disposed of', async () => {
    const log = open({ gatherMs: 60_000 });
    log.record(entry({ action: 'first' }));
    log.record(entry({ action: 'second' }));
    expect(existsSync(folder)).toBe(false);
    await log.flush();
    expect(entries().map(({ action }) => action)).toEqual(['first', 'second']);
    log.record(entry({ action: 'third' }));
    await log[Symbol.asyncDispose]();
    expect(entries().map(({ action }) => action)).toEqual(['first', 'second', 'third']);
  });

  it('does not let a warning wait, nor what was gathered before it', async () => {
    await using log = open({ gatherMs: 60_000 });
    log.record(entry({ action: 'first' }));
    log.record(entry({ action: 'second', level: 'error' }));
    expect(entries().map(({ action }) => action)).toEqual(['first', 'second']);
  });

  it('writes what it gathered by itself, after the time', async () => {
    await using log = open({ gatherMs: 5 });
    log.record(entry());
    await vi.waitFor(() => expect(entries()).toHaveLength(1), 5_000);
  });

  it('counts gathered lines that could not be written', async () => {
    writeFileSync(folder, 'a file in the place of the folder');
    await using log = open({ gatherMs: 60_000 });
    log.record(entry());
    log.record(entry());
    await log.flush();
    rmSync(folder);
    log.record(entry({ action: 'later' }));
    await log.flush();
    expect(problems).toHaveLength(1);
    expect(entries().map(({ action, output }) => [action, output])).toEqual([
      ['later', {}],
      ['entries-lost', { count: 2 }],
    ]);
  });

  it('writes one JSON line an entry, private to the user, and nothing before the first entry', async () => {
    await using log = open();
    expect(existsSync(folder)).toBe(false);
    log.record(entry({ taskId: 't1', level: 'warn', input: { of: 'x' }, output: { outcome: 'approved' } }));
    expect(entries()).toEqual([
      {
        level: 'warn',
        time: '2026-11-03T12:00:00.000Z',
        agent: 'critic',
        action: 'review',
        taskId: 't1',
        input: { of: 'x' },
        output: { outcome: 'approved' },
      },
    ]);
    const [file = ''] = readdirSync(folder);
    expect(file).toBe('decisions.2026-11-03.001.log');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    await log.flush();
  });

  it('leaves out what is below its level', async () => {
    await using log = open({ level: 'warn' });
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log.record(entry({ level }));
    log.record(entry());
    expect(entries().map(({ level }) => level)).toEqual(['warn', 'error']);
  });

  it('writes prompts and answers as length and hash, wherever they stand', async () => {
    await using log = open();
    const input = {
      task: 'my secret plan',
      nested: [{ messages: [{ role: 'user', content: 'plan' }] }],
      kind: 'simple',
    };
    log.record(entry({ input }));
    expect(lines().join()).not.toMatch(/plan/);
    expect(entries()[0]?.['input']).toEqual({
      task: { length: 14, sha256: expect.stringMatching(/^[0-9a-f]{16}$/) },
      nested: [{ messages: { length: 34, sha256: expect.stringMatching(/^[0-9a-f]{16}$/) } }],
      kind: 'simple',
    });
  });

  it('writes them in full where that is configured, but never a key', async () => {
    await using log = open({ prompts: 'full' });
    const key = ['sk', 'ant', 'api03-abcdefghijkl'].join('-');
    log.record(
      entry({
        input: { task: `why is ${key} refused?`, headers: { 'X-Api-Key': 'whatever', accept: '*/*' } },
      }),
    );
    expect(entries()[0]?.['input']).toEqual({
      task: 'why is [masked: anthropic-key] refused?',
      headers: { 'X-Api-Key': '[masked]', accept: '*/*' },
    });
  });

  it('cuts what is huge, says so, and keeps the line whole', async () => {
    await using log = open({ prompts: 'full' });
    log.record(entry({ input: { task: '"é\u0000'.repeat(1_000_000) }, output: { answer: 'short' } }));
    log.record(
      entry({ input: { list: Array.from({ length: 1_000_000 }, (_, index) => index) }, output: { last: 1 } }),
    );
    log.record(
      entry({
        input: Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`field-${index}`, 'x'])),
      }),
    );
    for (const line of lines()) expect(Buffer.byteLength(line)).toBeLessThan(maxEntryBytes);
    expect(entries().map(({ cut }) => cut)).toEqual([true, true, true]);
    expect(lines()[0]).toContain('[cut: 3000000 characters in all]');
    expect(lines()[1]).toMatch(/\[cut: \d+ more\]/);
    expect(entries().map(({ output }) => output)).toEqual([{ answer: 'short' }, { last: 1 }, {}]);
  });

  it('survives cycles, throwing getters, and values that JSON does not know', async () => {
    await using log = open();
    const cycle: Record<string, unknown> = { name: 'a' };
    cycle['self'] = cycle;
    const hostile = {
      get trap(): string {
        throw new Error('no');
      },
    };
    log.record(
      entry({
        input: { cycle, hostile },
        output: {
          big: 10n,
          when: new Date(noon),
          error: new TypeError('bad'),
          map: new Map([['a', 1]]),
          bytes: new Uint8Array(3),
          skip: undefined,
        },
      }),
    );
    log.record(entry({ input: { messages: cycle } }));
    expect(entries()[0]).toMatchObject({
      input: { cycle: { name: 'a', self: '[circular]' }, hostile: { trap: '[unreadable: Error: no]' } },
      output: {
        big: '10',
        when: '2026-11-03T12:00:00.000Z',
        error: { name: 'TypeError', message: 'bad' },
        map: { a: 1 },
        bytes: '[3 bytes]',
      },
    });
    expect(entries()[1]?.['input']).toEqual({ messages: expect.stringContaining('[unreadable: TypeError') });
    expect(problems).toEqual([]);
  });
});

describe('the rotation of the log', () => {
  it('begins a file each UTC day, and one when a file is full', async () => {
    await using log = open({ maxFileBytes: 300 });
    nowMs = Date.parse('2026-11-03T23:59:59.999Z');
    for (let index = 0; index < 4; index += 1)
      log.record(entry({ input: { index, padding: 'x'.repeat(60) } }));
    nowMs += 1;
    log.record(entry({ input: { index: 4 } }));
    expect(readdirSync(folder).sort()).toEqual([
      'decisions.2026-11-03.001.log',
      'decisions.2026-11-03.002.log',
      'decisions.2026-11-04.001.log',
    ]);
    expect(entries().map(({ input }) => (input as { index: number }).index)).toEqual([0, 1, 2, 3, 4]);
  });

  it('deletes the oldest files, also in a process that writes one line, and no file that is not its own', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    for (let ago = 1; ago <= 5; ago += 1) {
      nowMs = noon - ago * day;
      await using log = open({ maxFiles: 100 });
      log.record(entry());
    }
    nowMs = noon;
    await using log = open({ maxFiles: 3 });
    log.record(entry());
    expect(readdirSync(folder).sort()).toEqual([
      'decisions.2026-11-01.001.log',
      'decisions.2026-11-02.001.log',
      'decisions.2026-11-03.001.log',
      'notes.txt',
    ]);
  });

  it('keeps writing after the clock came back from a far future', async () => {
    nowMs = noon + 5_000 * day;
    await using early = open({ maxFiles: 2, maxFileBytes: 1 });
    for (let index = 0; index < 3; index += 1) early.record(entry());
    nowMs = noon;
    await using log = open({ maxFiles: 2, maxFileBytes: 1_000_000 });
    log.record(entry({ action: 'one' }));
    log.record(entry({ action: 'two' }));
    expect(readFileSync(join(folder, 'decisions.2026-11-03.001.log'), 'utf8').split('\n')).toHaveLength(3);
  });

  it('writes a line again that went into a file which was deleted under it', async () => {
    await using log = open();
    log.record(entry({ action: 'first' }));
    for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
    log.record(entry({ action: 'second' }));
    rmSync(folder, { recursive: true });
    log.record(entry({ action: 'third' }));
    expect(entries().map(({ action }) => action)).toEqual(['third']);
    expect(problems).toEqual([]);
  });

  it('sets a line that a crash left half apart from the next', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'decisions.2026-11-03.001.log'), '{"level":"info","ti');
    await using log = open();
    log.record(entry());
    expect(lines()[0]).toBe('{"level":"info","ti');
    expect(JSON.parse(lines()[1] ?? '')).toMatchObject({ action: 'review' });
  });
});

describe('a log that cannot be written', () => {
  it('tells once, never throws, and counts what was lost when it can write again', async () => {
    writeFileSync(folder, 'a file where the folder should be');
    await using log = open();
    for (let index = 0; index < 3; index += 1) log.record(entry());
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/Decisions cannot be logged in .*logs: E(NOTDIR|EXIST)/);
    rmSync(folder);
    log.record(entry({ action: 'back' }));
    expect(entries().map(({ action, output }) => [action, output])).toEqual([
      ['back', {}],
      ['entries-lost', { count: 3 }],
    ]);
  });

  it.runIf(existsSync('/dev/full'))('goes on when the disk is full', async () => {
    mkdirSync(folder);
    symlinkSync('/dev/full', join(folder, 'decisions.2026-11-03.001.log'));
    await using log = open();
    log.record(entry());
    log.record(entry());
    expect(problems).toEqual([expect.stringContaining('ENOSPC')]);
    await log.flush();
  });

  it('is not brought down by whoever listens to its problems', async () => {
    writeFileSync(folder, '');
    await using log = createDecisionLog(
      { folder, level: 'info', prompts: 'hash' },
      {
        nowMs: () => noon,
        onProblem: () => {
          throw new Error('listener');
        },
      },
    );
    expect(() => log.record(entry())).not.toThrow();
  });
});
