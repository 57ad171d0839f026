import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReportedLimits } from './ReportedLimits.ts';

const key = 'sk-ant-very-secret-key';

describe('ReportedLimits', () => {
  let folder: string;
  let file: string;
  let nowMs: number;
  let problems: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'teelamma-limits-'));
    file = join(folder, 'state', 'claude-limits.json');
    nowMs = Date.UTC(2026, 10, 25, 12);
    problems = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const open = (more: { writeEveryMs?: number; readEveryMs?: number } = {}) =>
    new ReportedLimits(
      { file, reserveShare: 0.1, ...more },
      { nowMs: () => nowMs, onProblem: (problem) => problems.push(problem) },
    );
  const used = (share: number, resetInMs = 60_000) => [
    ['anthropic-ratelimit-unified-5h-utilization', String(share)] as const,
    ['anthropic-ratelimit-unified-5h-reset', String((nowMs + resetInMs) / 1_000)] as const,
  ];

  it('shows one process what another saw, for the same key alone, a bearer token included', () => {
    const [one, other] = [open(), open()];
    expect(other.of(key)).toEqual([]);
    one.note(`Bearer ${key}`, used(0.95));
    expect(other.of(key)).toMatchObject([{ name: 'unified-5h', seenAtMs: nowMs }]);
    expect(other.reserveReached(key)?.reason).toContain('5% left of its 5-hour limit');
    expect(other.reserveReached('another')).toBeNull();
    expect(other.reserveReached('')).toBeNull();
    nowMs += 1;
    other.note(key, used(0.2));
    expect(one.reserveReached(key)).toBeNull();
  });

  it('forgets the reserve when the limit resets', () => {
    const limits = open();
    limits.note(key, used(0.95));
    nowMs += 59_999;
    expect(limits.reserveReached(key)).not.toBeNull();
    nowMs += 1;
    expect(limits.reserveReached(key)).toBeNull();
    expect(limits.of(key)).toHaveLength(1);
  });

  it('keeps limits of two processes that write at the same time, and each of several names', () => {
    const [one, other] = [open(), open()];
    one.note(key, used(0.1));
    other.note('another', used(0.2));
    one.note(key, [
      ['anthropic-ratelimit-tokens-limit', '10'],
      ['anthropic-ratelimit-tokens-remaining', '4'],
    ]);
    expect(
      open()
        .of(key)
        .map(({ name }) => name),
    ).toEqual(['unified-5h', 'tokens']);
    expect(open().of('another')).toHaveLength(1);
  });

  it('holds no key and is readable for the user alone', () => {
    open().note(key, used(0.5));
    expect(readFileSync(file, 'utf8')).not.toContain('secret');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('writes nothing where nothing was reported', () => {
    open().note(key, [['content-type', 'text/plain']]);
    expect(existsSync(file)).toBe(false);
  });

  it.each(['{"version":1,"cred', '[]', 'null', '{"version":7}'])(
    'says that the file is damaged (%s) and goes on',
    (content) => {
      open().note(key, used(0.5));
      writeFileSync(file, content);
      const limits = open();
      expect(limits.of(key)).toEqual([]);
      expect(limits.of(key)).toEqual([]);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(`cannot be read from ${file}`);
      limits.note(key, used(0.6));
      expect(open().of(key)).toHaveLength(1);
    },
  );

  it('leaves single entries out that are damaged', () => {
    open().note(key, used(0.5));
    const content = JSON.parse(readFileSync(file, 'utf8'));
    const [id = ''] = Object.keys(content.credentials);
    content.credentials[id].push({ name: 'x' }, null, 7);
    writeFileSync(file, JSON.stringify(content));
    expect(open().of(key)).toHaveLength(1);
  });

  it('writes rarely where it is told to, but at once where the reserve is reached or free again', () => {
    const limits = open({ writeEveryMs: 10_000 });
    limits.note(key, used(0.5));
    const left = () => open().of(key)[0]?.leftShare;
    expect(left()).toBe(0.5);
    nowMs += 5;
    limits.note(key, used(0.6));
    expect(left()).toBe(0.5);
    limits.flush();
    expect(left()).toBe(0.4);
    nowMs += 5;
    limits.note(key, used(0.99));
    expect(left()).toBeCloseTo(0.01);
  });

  it('looks at the file only now and then where it is told to', () => {
    const limits = open({ readEveryMs: 1_000 });
    expect(limits.of(key)).toEqual([]);
    open().note(key, used(0.5));
    expect(limits.of(key)).toEqual([]);
    nowMs += 1_000;
    expect(limits.of(key)).toHaveLength(1);
  });

  it('says once that the file cannot be written, and knows what it saw', () => {
    writeFileSync(join(folder, 'state'), 'not a folder');
    const limits = open();
    limits.note(key, used(0.95));
    limits.note(key, used(0.95));
    expect(limits.reserveReached(key)).not.toBeNull();
    expect(problems.filter((problem) => problem.includes('could not be kept'))).toHaveLength(1);
  });
});
