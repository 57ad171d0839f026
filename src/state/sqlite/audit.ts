import type { DatabaseSync } from 'node:sqlite';
import { turnState } from './rows.ts';
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
  const add = (windows: unknown, settled: unknown, held: unknown, forced: unknown) => {
    for (const seq of windowList(String(windows))) {
      const sums = expected.get(seq) ?? { settled: 0, held: 0, forced: 0 };
      const isForced = Number(forced) === 1;
      sums.settled += Number(settled);
      sums.held += Number(held);
      if (isForced) sums.forced += Number(settled) + Number(held);
      expected.set(seq, sums);
    }
  };
  const reservations = db.prepare(
    'SELECT windows, forced, sum(unsent) AS held, sum(charged) AS settled FROM reservation GROUP BY windows, forced',
  );
  for (const row of reservations.all()) add(row['windows'], row['settled'], row['held'], row['forced']);
  const inFlight = db.prepare(`SELECT windows, forced, sum(hold) AS held
    FROM turn JOIN reservation ON reservation.seq = turn.reservation WHERE state = ${turnState.inFlight} GROUP BY windows, forced`);
  for (const row of inFlight.all()) add(row['windows'], 0, row['held'], row['forced']);
  const charges = db.prepare('SELECT windows, sum(tokens) AS settled FROM charge GROUP BY windows');
  for (const row of charges.all()) add(row['windows'], row['settled'], 0, 0);

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

function describe(sums: Sums): string {
  return `${sums.settled} settled, ${sums.held} held, ${sums.forced} forced`;
}
