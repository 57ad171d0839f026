import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ledger } from '../state/Ledger.ts';
import { openSqliteLedger } from '../state/sqlite-ledger.ts';
import { compareJournals } from './journal.ts';
import { createRandom } from './random.ts';
import { exitOf, startChild } from './start-child.ts';

export interface KillReport {
  readonly processes: number;
  /** Turns that the provider charged; each must be charged in the ledger, by as much at least. */
  readonly sentTurns: number;
  /** Settles that were acknowledged before the kill; none may be missing. */
  readonly acknowledgedSettles: number;
  readonly assumedTurns: number;
  readonly releasedTokens: number;
  readonly problems: readonly string[];
}

/** Kills processes (SIGKILL) at a random point of their work and checks what the ledger says afterwards. */
export async function killRun(seed: number): Promise<KillReport> {
  const random = createRandom(seed);
  const folder = await mkdtemp(join(tmpdir(), 'teelamma-kill-'));
  const file = join(folder, 'ledger.db');
  const limitTokens = Math.round(10 ** (4 + random() * 3));
  const spec = { name: 'daily', limitTokens, windowMs: 86_400_000, thresholdsPercent: [75, 90, 100] };
  const processes = 1 + Math.floor(random() * 3);
  const journals = Array.from({ length: processes }, (_, n) => join(folder, `journal-${n}`));
  const children = await Promise.all(
    journals.map((journal, n) =>
      startChild('storm', { ledger: { file }, budgets: [spec], seed: seed + n, journal }),
    ),
  );
  const ledger = openSqliteLedger({ file, budgets: () => [spec] }, { nowMs: Date.now, newId: randomUUID });
  try {
    for (const child of children) child.send('go');
    // Most are killed once turns are under way, however slow the machine is; some while they begin.
    if (random() < 0.8) await firstNote(journals);
    for (const child of children) {
      await new Promise((resolve) => setTimeout(resolve, random() * 150));
      child.kill('SIGKILL');
    }
    await Promise.all(children.map(exitOf));
    return { processes, ...(await inspect(ledger, limitTokens, journals)) };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map(exitOf));
    await ledger[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  }
}

/** Resolves when every process has sent a turn, or after a while. */
async function firstNote(journals: readonly string[]): Promise<void> {
  const untilMs = performance.now() + 5_000;
  const isEmpty = (journal: string) => (statSync(journal, { throwIfNoEntry: false })?.size ?? 0) === 0;
  while (journals.some(isEmpty) && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function inspect(
  ledger: Ledger,
  limitTokens: number,
  journals: readonly string[],
): Promise<Omit<KillReport, 'processes'>> {
  const problems: string[] = [];
  const expect = (isTrue: boolean, problem: string) => {
    if (!isTrue) problems.push(problem);
  };
  const [before] = await ledger.status();
  expect(
    usedOf(before) <= limitTokens,
    `settled + held was ${usedOf(before)} of ${limitTokens} after the kill`,
  );
  expect((await ledger.check()).ok, 'the sums were wrong after the kill');
  const inFlight = (await ledger.history({ limit: 1e9 })).filter(({ state }) => state === 'in-flight');

  const report = await ledger.recover();
  const [after] = await ledger.status();
  const turns = new Map((await ledger.history({ limit: 1e9 })).map((turn) => [turn.turnId, turn]));
  problems.push(...(await ledger.check()).problems);
  expect(after?.heldTokens === 0, `${after?.heldTokens} tokens stayed held after the recovery`);
  expect(usedOf(after) === usedOf(before) - report.releasedTokens, 'the recovery changed more than it said');
  expect(
    report.assumedTurns === inFlight.length,
    `${report.assumedTurns} of ${inFlight.length} turns were assumed`,
  );
  for (const { turnId, heldTokens } of inFlight) {
    const turn = turns.get(turnId);
    expect(turn?.state === 'assumed' && turn.chargedTokens === heldTokens, `turn ${turnId} lost its charge`);
  }
  const charged = [...turns.values()].reduce((sum, turn) => sum + turn.chargedTokens, 0);
  expect(after?.settledTokens === charged, `settled is ${after?.settledTokens}, the turns say ${charged}`);

  const compared = await compareJournals(journals, turns);
  problems.push(...compared.problems);
  const { assumedTurns, releasedTokens } = report;
  const { sentTurns, acknowledgedSettles } = compared;
  return { sentTurns, acknowledgedSettles, assumedTurns, releasedTokens, problems };
}

function usedOf(budget: { settledTokens: number; heldTokens: number } | undefined): number {
  return (budget?.settledTokens ?? 0) + (budget?.heldTokens ?? 0);
}
