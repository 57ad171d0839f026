import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { temporaryHome } from '../../test/support/temporary-home.ts';
import { burnDown } from './burn-down.ts';
import type { BudgetSpec, Ledger } from './Ledger.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';

const spec: BudgetSpec = {
  name: 'default',
  limitTokens: 10_000,
  windowMs: 86_400_000,
  thresholdsPercent: [],
};
const cleanups: (() => unknown)[] = [];
let nowMs = Date.UTC(2026, 10, 25, 8);

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function open(...budgets: readonly BudgetSpec[]): Ledger {
  const { home, remove } = temporaryHome();
  const ledger = openSqliteLedger(
    { file: join(home, 'ledger.db'), budgets: () => budgets },
    { nowMs: () => nowMs, newId: randomUUID },
  );
  cleanups.push(remove, () => ledger[Symbol.asyncDispose]());
  return ledger;
}

async function spend(ledger: Ledger, tokens: number, project?: string): Promise<void> {
  const made = await ledger.reserve({
    taskId: randomUUID(),
    kind: 'complex',
    atLeastTokens: tokens,
    firstTurn: { model: 'claude-sonnet-5-5' },
    ...(project !== undefined && { scope: { project } }),
  });
  if (!made.granted || !made.firstTurn) throw new Error('was refused');
  nowMs += 60_000;
  const usage = {
    inputTokens: tokens,
    cacheCreationInputTokens: 0,
    cacheReadInputTokens: 0,
    outputTokens: 0,
  };
  await ledger.settleTurn(made.firstTurn.turnId, { kind: 'usage', usage });
  await ledger.close(made.reservation.id);
}

async function statusOf(ledger: Ledger) {
  const [status] = await ledger.status();
  if (!status) throw new Error('there is no budget');
  return status;
}

it('follows a window by its turns to what is left now, holds included', async () => {
  const ledger = open(spec);
  const startMs = nowMs;
  await spend(ledger, 1_000);
  await spend(ledger, 2_500);
  await ledger.reserve({ taskId: 'held', kind: 'complex', atLeastTokens: 500 });
  const found = await burnDown(ledger, spec, await statusOf(ledger), nowMs);
  expect(found).toEqual({
    resolution: 'turn',
    points: [
      [startMs, 10_000],
      [startMs + 60_000, 9_000],
      [startMs + 120_000, 6_500],
      [startMs + 120_000, 6_000],
    ],
  });
});

it('counts what was charged without a turn from the beginning, and leaves out what other budgets count', async () => {
  const web: BudgetSpec = { ...spec, name: 'web', match: { project: ['web'] } };
  const ledger = open(web);
  await spend(ledger, 1_000, 'web');
  await spend(ledger, 3_000, 'api');
  await ledger.charge(200, { project: 'web' });
  const { points } = await burnDown(ledger, web, await statusOf(ledger), nowMs);
  expect(points.map(([, remaining]) => remaining)).toEqual([9_800, 8_800, 8_800]);
});

it('sums a busy window by the hour, to the same end', async () => {
  const ledger = open({ ...spec, limitTokens: 100_000 });
  await Promise.all(
    Array.from({ length: 1_001 }, async (_one, index) => {
      const made = await ledger.reserve({
        taskId: `task-${index}`,
        kind: 'complex',
        atLeastTokens: 10,
        firstTurn: { model: 'claude-sonnet-5-5' },
      });
      if (!made.granted || !made.firstTurn) throw new Error('was refused');
      const usage = {
        inputTokens: 10,
        cacheCreationInputTokens: 0,
        cacheReadInputTokens: 0,
        outputTokens: 0,
      };
      await ledger.settleTurn(made.firstTurn.turnId, { kind: 'usage', usage });
      await ledger.close(made.reservation.id);
    }),
  );
  nowMs += 2 * 3_600_000;
  const busy = { ...spec, limitTokens: 100_000 };
  const { points, resolution } = await burnDown(ledger, busy, await statusOf(ledger), nowMs);
  expect(resolution).toBe('hour');
  expect(points.map(([, remaining]) => remaining)).toEqual([100_000, 89_990, 89_990]);
});

it('is one point for a window that has not begun', async () => {
  const ledger = open(spec);
  expect(await burnDown(ledger, spec, await statusOf(ledger), nowMs)).toEqual({
    resolution: 'turn',
    points: [[nowMs, 10_000]],
  });
});
