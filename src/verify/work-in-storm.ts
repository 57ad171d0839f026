import { setTimeout as delay } from 'node:timers/promises';
import { isLedgerTrouble } from '../errors.ts';
import { noUsage } from '../messages/token-usage.ts';
import type { Ledger, ReserveResult } from '../state/Ledger.ts';
import { noteInJournal } from './journal.ts';

/** Turns that ended since the last report. */
export interface StormProgress {
  readonly turns: number;
}

export interface StormOptions {
  /** File descriptor of the journal. */
  readonly journal: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Mean pause after a refusal; many processes that ask again at once would only keep the ledger busy. */
  readonly refusedPauseMs: number;
  /** Mean time that the provider takes for a turn. */
  readonly turnMs: number;
  readonly onTurn: () => void;
}

const model = 'claude';

/**
 * Tasks of a few turns each, one after the other, until the signal; a kill leaves them at any point. The provider is played here: it
 * charges a turn when the turn is sent, whatever becomes of the process afterwards. A ledger that cannot be reached is asked again later.
 */
export async function workInStorm(ledger: Ledger, options: StormOptions): Promise<void> {
  while (!options.signal.aborted) {
    try {
      if (!(await doTask(ledger, options))) await delay(options.refusedPauseMs * (0.5 + options.random()));
    } catch (error) {
      if (!isLedgerTrouble(error)) throw error;
      await delay(100);
    }
  }
}

/** False where the budget refused it. */
async function doTask(ledger: Ledger, options: StormOptions): Promise<boolean> {
  const { random } = options;
  const reserved = await ledger.reserve({
    taskId: 't',
    kind: 'complex',
    atLeastTokens: 100,
    atMostTokens: 100 + Math.floor(random() * 2_000),
    ...(random() < 0.3 && { firstTurn: { model } }),
  });
  if (!reserved.granted) return false;
  await doTurns(ledger, reserved, options);
  return true;
}

async function doTurns(
  ledger: Ledger,
  { reservation, firstTurn }: ReserveResult & { granted: true },
  options: StormOptions,
): Promise<void> {
  const { random } = options;
  const reservationId = reservation.id;
  let turnId = firstTurn?.turnId;
  for (let left = 1 + Math.floor(random() * 3); left > 0; left -= 1) {
    if (turnId === undefined) {
      const atMostTokens = 50 + Math.floor(random() * 1_500);
      const begun = await ledger.beginTurn({ reservationId, atLeastTokens: 50, atMostTokens, model });
      if (!begun.granted) break;
      turnId = begun.turnId;
    }
    await sendAndSettle(ledger, turnId, options);
    options.onTurn();
    turnId = undefined;
  }
  await ledger.close(reservationId);
}

async function sendAndSettle(ledger: Ledger, turnId: string, options: StormOptions): Promise<void> {
  const { random, journal, turnMs } = options;
  const fate = random();
  if (fate < 0.1) {
    await ledger.settleTurn(turnId, { kind: 'not-charged', reason: 'status 529' });
    return;
  }
  const tokens = Math.floor(random() * 50);
  noteInJournal(journal, { what: 'sent', turnId, tokens });
  if (turnMs > 0) await delay(2 * turnMs * random());
  if (fate < 0.12) {
    await ledger.settleTurn(turnId, { kind: 'unknown', reason: 'the connection broke' });
    return;
  }
  const usage = { ...noUsage, outputTokens: tokens };
  const { chargedTokens } = await ledger.settleTurn(turnId, { kind: 'usage', usage });
  noteInJournal(journal, { what: 'settled', turnId, tokens: chargedTokens });
}
