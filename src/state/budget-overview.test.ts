import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type OverviewBudget,
  overviewFor,
  parseOverview,
  readOverview,
  withSpecs,
} from './budget-overview.ts';
import type { BudgetSpec } from './Ledger.ts';
import { OverviewMirror } from './OverviewMirror.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 0, 5, 9);
const specs: readonly BudgetSpec[] = [
  { name: 'default', limitTokens: 10_000, windowMs: 24 * hourMs, thresholdsPercent: [75, 90] },
  {
    name: 'web',
    limitTokens: 1_000,
    windowMs: hourMs,
    thresholdsPercent: [50],
    match: { project: ['web-*'] },
    each: 'project',
  },
];

describe('the overview of all budgets', () => {
  let folder: string;
  let files: { overviewFile: string; budgetFile: string };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'teelamma-overview-'));
    files = { overviewFile: join(folder, 'budgets.json'), budgetFile: join(folder, 'token_budget.json') };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('follows the ledger, for its owner alone, and counts nothing of a window that is over', async () => {
    const ledger = openSqliteLedger(
      { file: join(folder, 'ledger.db'), budgets: () => specs },
      { nowMs: () => startMs, newId: () => crypto.randomUUID() },
    );
    const mirror = new OverviewMirror(
      { file: files.overviewFile },
      { ledger, specs: () => specs, onWarning: (message) => expect.fail(message) },
    );
    await ledger.charge(400, { project: 'web-shop' });
    await mirror[Symbol.asyncDispose]();
    await ledger[Symbol.asyncDispose]();
    const budgets = readOverview(files, startMs) ?? [];
    expect(budgets).toMatchObject([
      { name: 'default', limit: 10_000, settled: 400, held: 0, resetAtMs: startMs + 24 * hourMs },
      { name: 'web', limit: 1_000, settled: 400, each: { part: 'project', value: 'web-shop' } },
    ]);
    expect(readOverview(files, startMs + hourMs)?.[1]).toMatchObject({ settled: 0, resetAtMs: null });
    expect((await stat(files.overviewFile)).mode & 0o777).toBe(0o600);
    expect(await readFile(files.overviewFile, 'utf8')).toMatch(/\}\n$/);

    const names = (scope: object) => overviewFor(budgets, scope).map(({ name }) => name);
    expect(names({ project: 'web-shop' })).toEqual(['default', 'web']);
    expect(names({ project: 'web-docs' })).toEqual(['default']);
    expect(names({ project: 'other' })).toEqual(['default']);
    expect(names({ model: 'claude-opus-5-5' })).toEqual(['default', 'web']);
  });

  it('takes limits, and which budgets there are, from a configuration that was changed since', () => {
    const used = { settled: 300, held: 50, resetAtMs: startMs };
    const written: OverviewBudget[] = [
      { ...used, name: 'default', limit: 10_000, thresholdsPercent: [75, 90] },
      {
        ...used,
        name: 'web',
        limit: 900,
        thresholdsPercent: [],
        each: { part: 'project', value: 'web-shop' },
      },
      { ...used, name: 'gone', limit: 5, thresholdsPercent: [] },
      { ...used, name: 'money', limit: 5, thresholdsPercent: [] },
    ];
    const money: BudgetSpec = {
      name: 'money',
      limitTokens: 2_000_000,
      windowMs: hourMs,
      thresholdsPercent: [],
      counts: { unit: 'micro-usd', prices: [] },
    };
    expect(withSpecs(written, [...specs, money])).toEqual([
      written[0],
      { ...written[1], limit: 1_000, thresholdsPercent: [50], match: { project: ['web-*'] } },
      {
        name: 'money',
        unit: 'micro-usd',
        limit: 2_000_000,
        settled: 0,
        held: 0,
        resetAtMs: null,
        thresholdsPercent: [],
      },
    ]);
  });

  it("takes an older installation's file where there is no other, and nothing where there is none", () => {
    expect(readOverview(files, startMs)).toBeNull();
    writeFileSync(
      files.budgetFile,
      JSON.stringify({ used: 5, resetTime: startMs + 1, dailyLimit: 10, unit: 'micro-usd' }),
    );
    expect(readOverview(files, startMs)).toMatchObject([{ unit: 'micro-usd', settled: 5, limit: 10 }]);
    writeFileSync(files.overviewFile, '{"version":1,"budgets":[');
    expect(readOverview(files, startMs)).toMatchObject([{ settled: 5 }]);
  });

  it.each([
    '{"version":2,"budgets":[]}',
    '{"version":1,"budgets":[{"name":"a"}]}',
    '{"version":1,"budgets":[{"name":"a","limit":1,"settled":-1,"held":0,"resetAtMs":null,"thresholdsPercent":[]}]}',
    '{"version":1,"budgets":{}}',
    '[]',
  ])('is nothing where it is not of its form: %s', (text) => {
    expect(parseOverview(text)).toBeNull();
  });
});
