import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CoolDown } from './CoolDown.ts';

describe('CoolDown', () => {
  let folder: string;
  let nowMs: number;
  const problems: string[] = [];
  const make = (file = join(folder, 'state', 'cool-down.json')) =>
    new CoolDown({ file }, { nowMs: () => nowMs, onProblem: (problem) => problems.push(problem) });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'teelamma-cool-down-'));
    nowMs = 1_000_000;
    problems.length = 0;
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('lasts as long as was asked, for every process', () => {
    make().open(30_000, 'rate limited');
    expect(make().current()).toEqual({ sinceMs: 1_000_000, untilMs: 1_030_000, reason: 'rate limited' });
    nowMs += 30_000;
    expect(make().current()).toBeNull();
  });

  it('is not ended by a shorter one', () => {
    make().open(30_000, 'long');
    make().open(1_000, 'short');
    expect(make().current()?.reason).toBe('long');
  });

  it('never lasts over a day, whatever was asked', () => {
    make().open(Number.MAX_SAFE_INTEGER, 'mistake');
    expect(make().current()?.untilMs).toBe(nowMs + 86_400_000);
  });

  it('ends when the clock goes back before its beginning', () => {
    make().open(30_000, 'rate limited');
    nowMs -= 1;
    expect(make().current()).toBeNull();
  });

  it('takes a corrupt file for none', () => {
    const file = join(folder, 'cool-down.json');
    for (const content of [
      '{',
      'null',
      '{"sinceMs":"a","untilMs":9e15,"reason":5}',
      '{"sinceMs":1,"untilMs":9e15,"reason":"x"}',
    ]) {
      writeFileSync(file, content);
      expect(make(file).current()).toBeNull();
    }
  });

  it('holds for its own process where it cannot be written, and says so', () => {
    writeFileSync(join(folder, 'a-file'), '');
    const coolDown = make(join(folder, 'a-file', 'cool-down.json'));
    coolDown.open(30_000, 'rate limited');
    expect(coolDown.current()?.reason).toBe('rate limited');
    expect(problems).toEqual([expect.stringContaining('could not be kept')]);
  });
});
