/**
 * A process that uses a ledger, for those who race or kill it: `node ledger-child.js <race|storm> <json of ChildOptions>`. It is a program
 * of its own, and makes its own clock and ids.
 *
 * race: sends 'ready', waits for a message, works, sends its RaceResult, and waits for one more message before it leaves.
 * storm: sends 'ready', waits for a message, works until the next one or its end, and sends a StormProgress now and then.
 */
import { randomUUID } from 'node:crypto';
import { openSync } from 'node:fs';
import type { BudgetSpec, Ledger } from '../state/Ledger.ts';
import { createRandom } from './random.ts';
import { type RaceResult, workInRace } from './work-in-race.ts';
import { type StormProgress, workInStorm } from './work-in-storm.ts';

export interface ChildOptions {
  /** A file of SQLite, or the URL of a Postgres database. */
  readonly ledger: { readonly file: string } | { readonly url: string };
  readonly budgets: readonly BudgetSpec[];
  readonly seed: number;
  /** race: reservations to make. */
  readonly reservations?: number;
  /** storm: where each turn that was sent and each settle that was acknowledged is noted, see journal.ts. */
  readonly journal?: string;
  /** storm: ledger objects in this process; on Postgres each has a connection of its own. Default 1. */
  readonly ledgers?: number;
  /** storm: tasks at a time for each of them. Default 3. */
  readonly tasksAtOnce?: number;
  /** storm: mean pause after a refusal. Default 3 ms. */
  readonly refusedPauseMs?: number;
  /** storm: mean time that the provider takes for a turn. Default 0. */
  readonly turnMs?: number;
}

const options = JSON.parse(process.argv[3] ?? '') as ChildOptions;
const random = createRandom(options.seed);
const ledgers = await Promise.all(Array.from({ length: options.ledgers ?? 1 }, open));

process.send?.('ready');
await nextMessage();
if (process.argv[2] === 'race') {
  const [ledger] = ledgers;
  if (ledger)
    process.send?.((await workInRace(ledger, options.reservations ?? 0, random)) satisfies RaceResult);
  await nextMessage();
} else {
  await stormUntilTold();
}
await Promise.all(ledgers.map((ledger) => ledger[Symbol.asyncDispose]()));
process.disconnect?.();

async function stormUntilTold(): Promise<void> {
  const journal = openSync(options.journal ?? '', 'a', 0o600);
  const stop = new AbortController();
  let turns = 0;
  const report = () => {
    process.send?.({ turns } satisfies StormProgress);
    turns = 0;
  };
  const timer = setInterval(report, 250);
  const working = ledgers.flatMap((ledger) =>
    Array.from({ length: options.tasksAtOnce ?? 3 }, () =>
      workInStorm(ledger, {
        journal,
        random,
        signal: stop.signal,
        refusedPauseMs: options.refusedPauseMs ?? 3,
        turnMs: options.turnMs ?? 0,
        onTurn: () => (turns += 1),
      }),
    ),
  );
  void nextMessage().then(() => stop.abort());
  await Promise.all(working);
  clearInterval(timer);
  report();
}

async function open(): Promise<Ledger> {
  const { ledger, budgets } = options;
  if ('url' in ledger) {
    const { openPostgresLedger } = await import('../state/postgres-ledger.ts');
    // A server that is killed and started again is waited for; nobody who lives stays away longer than the grace.
    const patience = { patienceMs: 20_000, graceMs: 3_000 };
    return openPostgresLedger(
      { url: ledger.url, budgets: () => budgets, ...patience },
      { newId: randomUUID },
    );
  }
  const { openSqliteLedger } = await import('../state/sqlite-ledger.ts');
  return openSqliteLedger(
    { file: ledger.file, budgets: () => budgets, busyTimeoutMs: 60_000 },
    { nowMs: Date.now, newId: randomUUID },
  );
}

function nextMessage(): Promise<unknown> {
  return new Promise((resolve) => process.once('message', resolve));
}
