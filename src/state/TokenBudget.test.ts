import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Ledger } from './Ledger.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';
import { TokenBudget } from './TokenBudget.ts';

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 0, 5, 9);

describe('TokenBudget', () => {
  let folder: string;
  let file: string;
  let nowMs: number;
  let warnings: string[];
  let opened: AsyncDisposable[];
  let ledger: Ledger;
  let budget: TokenBudget;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'teelamma-budget-'));
    file = join(folder, 'state', 'token_budget.json');
    nowMs = startMs;
    warnings = [];
    opened = [];
    ledger = openLedger();
    budget = openBudget(ledger);
  });

  afterEach(async () => {
    for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  function openLedger(): Ledger {
    const spec = { name: 'daily', limitTokens: 10_000, windowMs: dayMs, thresholdsPercent: [75] };
    const one = openSqliteLedger(
      { file: join(folder, 'state', 'ledger.db'), budgets: () => [spec] },
      { nowMs: () => nowMs, newId: randomUUID },
    );
    opened.push(one);
    return one;
  }

  function openBudget(on: Ledger, budgetName?: string): TokenBudget {
    const one = new TokenBudget(
      { file, ...(budgetName !== undefined && { budgetName }) },
      { ledger: on, nowMs: () => nowMs, onWarning: (message) => warnings.push(message) },
    );
    opened.push(one);
    return one;
  }

  const mirror = async () => JSON.parse(await readFile(file, 'utf8'));

  async function writeOld(content: unknown): Promise<void> {
    await mkdir(join(folder, 'state'), { recursive: true });
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  }

  it('counts to the limit and is exhausted there', async () => {
    await budget.load();
    expect([budget.getRemaining(), budget.isExhausted()]).toEqual([10_000, false]);
    await budget.increment(9_999);
    expect([budget.getRemaining(), budget.isExhausted()]).toEqual([1, false]);
    await budget.increment(500);
    expect([budget.getRemaining(), budget.isExhausted()]).toEqual([0, true]);
  });

  it('resets by itself when the window has passed, and by hand', async () => {
    await budget.increment(10_000);
    nowMs += dayMs - 1;
    expect(budget.isExhausted()).toBe(true);
    nowMs += 1;
    expect([budget.getRemaining(), budget.isExhausted()]).toEqual([10_000, false]);
    await budget.increment(10_000);
    await budget.reset();
    expect([budget.getRemaining(), budget.isExhausted()]).toEqual([10_000, false]);
    expect(await mirror()).toMatchObject({ used: 0 });
  });

  it('takes only whole numbers of tokens from 0', async () => {
    for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5' as unknown as number]) {
      await expect(budget.increment(bad)).rejects.toThrow(/whole number of tokens/);
    }
    await budget.increment(0);
    expect(budget.getRemaining()).toBe(10_000);
  });

  it('writes its file from the ledger: settled and held, private, without leftovers', async () => {
    await budget.load();
    await budget.increment(1_200);
    await ledger.reserve({ taskId: 't', kind: 'complex', atLeastTokens: 300 });
    await budget.save();
    expect(await mirror()).toEqual({ used: 1_500, resetTime: startMs + dayMs, dailyLimit: 10_000 });
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readdir(join(folder, 'state'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('follows changes without being asked, to the last of a burst', async () => {
    for (let n = 0; n < 50; n += 1) await ledger.charge(10);
    await vi.waitFor(async () => expect(await mirror()).toMatchObject({ used: 500 }), 5_000);
  });

  it('has the last state in its file when it is disposed of', async () => {
    await ledger.charge(77);
    await budget[Symbol.asyncDispose]();
    expect(await mirror()).toMatchObject({ used: 77 });
  });

  it('imports the file of an older installation once, with the end of its window', async () => {
    const resetTime = startMs + 1_000_000;
    await writeOld({ used: 4_000, resetTime, dailyLimit: 10_000 });
    const other = openBudget(openLedger());
    await Promise.all([budget.load(), other.load()]);
    expect(budget.getRemaining()).toBe(6_000);
    expect(await mirror()).toEqual({ used: 4_000, resetTime, dailyLimit: 10_000 });
    await budget.load();
    expect(budget.getRemaining()).toBe(6_000);
    nowMs = resetTime;
    expect(budget.getRemaining()).toBe(10_000);
    expect(warnings).toEqual([]);
  });

  it('does not import a window that has passed, or into a ledger that was used', async () => {
    await writeOld({ used: 4_000, resetTime: startMs, dailyLimit: 10_000 });
    await budget.load();
    expect(budget.getRemaining()).toBe(10_000);
    await budget.increment(1);
    await writeOld({ used: 4_000, resetTime: startMs + 5, dailyLimit: 10_000 });
    await budget.load();
    expect(budget.getRemaining()).toBe(9_999);
  });

  it.each([
    ['broken JSON', '{"used": 40'],
    ['a wrong type', { used: '4000', resetTime: startMs + 5, dailyLimit: 10_000 }],
    ['a negative count', { used: -4, resetTime: startMs + 5, dailyLimit: 10_000 }],
    ['something else', [1, 2]],
  ])('sets a file with %s aside, says so, and writes it anew from the ledger', async (_, content) => {
    await ledger.charge(123);
    await budget.save();
    await writeOld(content);
    await budget.load();
    const names = await readdir(join(folder, 'state'));
    expect(names.filter((name) => name.startsWith('token_budget.json.corrupt-'))).toHaveLength(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(file);
    expect(await mirror()).toMatchObject({ used: 123 });
  });

  it('goes on with the ledger where its file cannot be written, and says so', async () => {
    await mkdir(file, { recursive: true });
    await budget.load();
    await budget.increment(10);
    expect(budget.getRemaining()).toBe(9_990);
    expect(warnings[0]).toContain('token_budget.json');
    await expect(budget.save()).rejects.toMatchObject({ code: 'state-unwritable' });
  });

  it('names the configured budgets where its own is not one of them', () => {
    expect(() => openBudget(ledger, 'weekly').getRemaining()).toThrow(/"weekly".*daily/);
  });
});
