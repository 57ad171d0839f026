import type { DatabaseSync } from 'node:sqlite';
import { type TurnAmounts, turnState } from './rows.ts';
import { windowList } from './UnitOfWork.ts';

/**
 * Compares the stored sums of every window with the reservations, turns and charges that they were made from, and lets SQLite check
 * the file. Reads everything once, in one read transaction. Each problem is a whole sentence with what to do.
 */
export function audit(db: DatabaseSync, file: string): string[] {
  db.exec('BEGIN');
  try {
    const damage = db
      .prepare('PRAGMA quick_check(3)')
      .all()
      .map((row) => String(row['quick_check']));
    if (damage.join() !== 'ok') {
      return [
        `The file ${file} is damaged (${damage.join('; ')}): restore it from a backup, or move it aside.`,
      ];
    }
    return wrongSums(db, file);
  } finally {
    db.exec('COMMIT');
  }
}

interface Sums {
  settled: number;
  held: number;
  forced: number;
}

function wrongSums(db: DatabaseSync, file: string): string[] {
  const expected = new Map<number, Sums>();
  const add = (
    { windows, forced = 0 }: Readonly<Record<string, unknown>>,
    settled: (index: number) => unknown,
    held: (index: number) => unknown,
  ) => {
    for (const [index, seq] of windowList(String(windows)).entries()) {
      const sums = expected.get(seq) ?? { settled: 0, held: 0, forced: 0 };
      sums.settled += Number(settled(index));
      sums.held += Number(held(index));
      if (Number(forced) === 1) sums.forced += Number(settled(index)) + Number(held(index));
      expected.set(seq, sums);
    }
  };
  const none = () => 0;
  const reservations = db.prepare(
    `SELECT windows, forced, sum(unsent) AS held, sum(charged) AS settled FROM reservation
      WHERE unsent_amounts IS NULL GROUP BY windows, forced`,
  );
  for (const row of reservations.iterate()) {
    add(
      row,
      () => row['settled'],
      () => row['held'],
    );
  }
  const inFlight = db.prepare(`SELECT windows, forced, sum(hold) AS held
    FROM turn JOIN reservation ON reservation.seq = turn.reservation
    WHERE state = ${turnState.inFlight} AND amounts IS NULL GROUP BY windows, forced`);
  for (const row of inFlight.iterate()) add(row, none, () => row['held']);
  const charges = db.prepare('SELECT windows, tokens, amounts FROM charge');
  for (const row of charges.iterate()) add(row, amountsOf(row['amounts'], row['tokens']), none);

  // Where a budget counts tokens differently: reservation by reservation and turn by turn, each window with its own amount.
  const counted = db.prepare(
    'SELECT windows, forced, unsent_amounts FROM reservation WHERE unsent_amounts IS NOT NULL',
  );
  for (const row of counted.iterate()) add(row, none, amountsOf(row['unsent_amounts'], 0));
  const turns = db.prepare(`SELECT windows, forced, state, turn.charged, amounts
    FROM turn JOIN reservation ON reservation.seq = turn.reservation WHERE unsent_amounts IS NOT NULL`);
  for (const row of turns.iterate()) {
    const amounts = row['amounts'] === null ? null : (JSON.parse(String(row['amounts'])) as TurnAmounts);
    const isInFlight = row['state'] === turnState.inFlight;
    add(
      row,
      (index) => (amounts ? amounts.charged[index] : row['charged']),
      (index) => (isInFlight ? (amounts?.hold[index] ?? 0) : 0),
    );
  }

  const windows = db.prepare('SELECT seq, budget, settled, held, forced FROM budget_window').all();
  return windows.flatMap((row) => {
    const stored = {
      settled: Number(row['settled']),
      held: Number(row['held']),
      forced: Number(row['forced']),
    };
    const sums = expected.get(Number(row['seq'])) ?? { settled: 0, held: 0, forced: 0 };
    if (stored.settled === sums.settled && stored.held === sums.held && stored.forced === sums.forced)
      return [];
    return [
      `Window ${row['seq']} of budget "${row['budget']}" in ${file} says ${describe(stored)}, but its records add up to ${describe(sums)}: keep a copy of the file and report this as a bug; \`teelamma budget reset\` starts a clean window.`,
    ];
  });
}

/** By window, as they are stored; where they are not, one amount for all. */
function amountsOf(stored: unknown, all: unknown): (index: number) => unknown {
  const amounts = stored === null ? null : (JSON.parse(String(stored)) as readonly number[]);
  return (index) => (amounts ? (amounts[index] ?? 0) : all);
}

function describe(sums: Sums): string {
  return `${sums.settled} settled, ${sums.held} held, ${sums.forced} forced`;
}
