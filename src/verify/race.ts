import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLedger } from '../state/sqlite-ledger.ts';
import { exitOf, messageFrom, startChild } from './start-child.ts';
import type { RaceResult } from './work-in-race.ts';

export interface RaceReport {
  readonly granted: number;
  readonly refused: number;
  readonly limitTokens: number;
  readonly settledTokens: number;
  readonly heldTokens: number;
  /** Times that the sums were looked at while the processes ran, and the most that settled + held was. */
  readonly samples: number;
  readonly mostUsedTokens: number;
  readonly problems: readonly string[];
}

/** Lets processes make reservations on one budget at the same time and compares what they were told with the ledger. */
export async function race(processes: number, reservations: number, seed: number): Promise<RaceReport> {
  const folder = await mkdtemp(join(tmpdir(), 'teelamma-race-'));
  const file = join(folder, 'ledger.db');
  // An average reservation leaves about 55 tokens behind, so this is spent about two thirds through.
  const limitTokens = Math.floor(processes * reservations * 33);
  const spec = { name: 'daily', limitTokens, windowMs: 86_400_000, thresholdsPercent: [75, 90, 100] };
  const ledger = openSqliteLedger({ file, budgets: () => [spec] }, { nowMs: Date.now, newId: randomUUID });
  const children = await Promise.all(
    Array.from({ length: processes }, (_, n) =>
      startChild('race', { ledger: { file }, budgets: [spec], reservations, seed: seed + n }),
    ),
  );
  try {
    const problems: string[] = [];
    let samples = 0;
    let mostUsedTokens = 0;
    const look = () => {
      const [budget] = ledger.snapshot();
      const used = (budget?.settledTokens ?? 0) + (budget?.heldTokens ?? 0);
      samples += 1;
      mostUsedTokens = Math.max(mostUsedTokens, used);
      if (used > limitTokens) problems.push(`settled + held was ${used} of ${limitTokens}`);
    };
    const timer = setInterval(look, 3);
    const finished = Promise.all(children.map((child) => messageFrom(child) as Promise<RaceResult>));
    for (const child of children) child.send('go');
    const results = await finished.finally(() => clearInterval(timer));
    look();
    const sum = (key: keyof RaceResult) => results.reduce((total, result) => total + result[key], 0);
    const [budget] = await ledger.status();
    if (budget?.settledTokens !== sum('settledTokens'))
      problems.push(`settled is ${budget?.settledTokens}, told ${sum('settledTokens')}`);
    if (budget?.heldTokens !== sum('heldTokens'))
      problems.push(`held is ${budget?.heldTokens}, told ${sum('heldTokens')}`);
    problems.push(...(await ledger.check()).problems);
    const report = {
      granted: sum('granted'),
      refused: sum('refused'),
      limitTokens,
      settledTokens: sum('settledTokens'),
      heldTokens: sum('heldTokens'),
      samples,
      mostUsedTokens,
      problems,
    };
    for (const child of children) child.send('leave');
    await Promise.all(children.map(exitOf));
    return report;
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map(exitOf));
    await ledger[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  }
}
