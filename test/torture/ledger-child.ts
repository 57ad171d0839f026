/**
 * A process that uses a ledger, for tests that race or kill it: `node ledger-child.ts <race|storm> <json of ChildOptions>`.
 * It sends 'ready', waits for a message, works, sends its RaceResult, and waits for one more message before it leaves.
 */
import { randomUUID } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import type { Ledger } from '../../src/state/Ledger.ts';
import { openSqliteLedger } from '../../src/state/sqlite-ledger.ts';
import { createRandom } from './random.ts';

export interface ChildOptions {
  readonly file: string;
  readonly limitTokens: number;
  readonly seed: number;
  /** race: reservations to make. storm: endless. */
  readonly reservations: number;
  /** storm: where each settle that was acknowledged is noted, one JSON line each. */
  readonly journal?: string;
}

export interface RaceResult {
  readonly granted: number;
  readonly refused: number;
  readonly settledTokens: number;
  readonly heldTokens: number;
}

export interface JournalLine {
  readonly turnId: string;
  readonly chargedTokens: number;
}

const options = JSON.parse(process.argv[3] ?? '') as ChildOptions;
const random = createRandom(options.seed);
const model = 'claude';
const spec = {
  name: 'daily',
  limitTokens: options.limitTokens,
  windowMs: 86_400_000,
  thresholdsPercent: [75, 90, 100],
};
const ledger = openSqliteLedger(
  { file: options.file, budgets: () => [spec], busyTimeoutMs: 60_000 },
  { nowMs: Date.now, newId: randomUUID },
);

process.send?.('ready');
await nextMessage();
if (process.argv[2] === 'race') {
  process.send?.(await race(ledger));
  await nextMessage();
} else {
  await Promise.all([storm(ledger), storm(ledger), storm(ledger)]);
}
await ledger[Symbol.asyncDispose]();
process.disconnect?.();

function nextMessage(): Promise<unknown> {
  return new Promise((resolve) => process.once('message', resolve));
}

/** Reserves again and again; keeps, settles or closes each at random. */
async function race(ledger: Ledger): Promise<RaceResult> {
  const result = { granted: 0, refused: 0, settledTokens: 0, heldTokens: 0 };
  for (let n = 0; n < options.reservations; n += 1) {
    const atLeastTokens = 1 + Math.floor(random() * 200);
    const fate = random();
    const firstTurn = fate < 0.4 ? { firstTurn: { model } } : {};
    const reserved = await ledger.reserve({ taskId: 't', kind: 'complex', atLeastTokens, ...firstTurn });
    if (!reserved.granted) {
      result.refused += 1;
      continue;
    }
    result.granted += 1;
    const { id } = reserved.reservation;
    if (reserved.firstTurn) {
      const usage = usageOf(Math.floor(random() * (atLeastTokens + 1)));
      const { turnId } = reserved.firstTurn;
      const [settled] = await Promise.all([
        ledger.settleTurn(turnId, { kind: 'usage', usage }),
        ledger.close(id),
      ]);
      result.settledTokens += settled.chargedTokens;
    } else if (fate < 0.7) await ledger.close(id);
    else result.heldTokens += atLeastTokens;
  }
  return result;
}

/** Endless tasks of a few turns each, left at any point when the process is killed. */
async function storm(ledger: Ledger): Promise<void> {
  const journal = openSync(options.journal ?? '', 'a', 0o600);
  for (;;) {
    const reserved = await ledger.reserve({
      taskId: 't',
      kind: 'complex',
      atLeastTokens: 100,
      atMostTokens: 100 + Math.floor(random() * 2_000),
      ...(random() < 0.3 && { firstTurn: { model } }),
    });
    if (!reserved.granted) {
      await new Promise((resolve) => setTimeout(resolve, 1 + random() * 5));
      continue;
    }
    const { id: reservationId } = reserved.reservation;
    let turnId = reserved.firstTurn?.turnId;
    for (let turns = 1 + Math.floor(random() * 3); turns > 0; turns -= 1) {
      if (turnId === undefined) {
        const atMostTokens = 50 + Math.floor(random() * 1_500);
        const begun = await ledger.beginTurn({ reservationId, atLeastTokens: 50, atMostTokens, model });
        if (!begun.granted) break;
        turnId = begun.turnId;
      }
      if (random() < 0.1) await ledger.settleTurn(turnId, { kind: 'not-charged', reason: 'status 529' });
      else await settleAndNote(ledger, turnId, Math.floor(random() * 50), journal);
      turnId = undefined;
    }
    await ledger.close(reservationId);
  }
}

async function settleAndNote(ledger: Ledger, turnId: string, tokens: number, journal: number): Promise<void> {
  const { chargedTokens } = await ledger.settleTurn(turnId, { kind: 'usage', usage: usageOf(tokens) });
  // Written to the kernel at once: a killed process loses none of it.
  writeSync(journal, `${JSON.stringify({ turnId, chargedTokens } satisfies JournalLine)}\n`);
}

function usageOf(outputTokens: number) {
  return { inputTokens: 0, cacheCreationInputTokens: 0, cacheReadInputTokens: 0, outputTokens };
}
