import type { DatabaseSync } from 'node:sqlite';
import { daysBefore, daysOf } from '../usage/days-to-write.ts';
import { foldPieces } from '../usage/fold-turns.ts';
import { type Gap, mostUnsummed, readyFromMs, wholeFromMs, type ZoneTiers } from '../usage/kept-sums.ts';
import type { UsagePlan } from '../usage/plan-usage.ts';
import { narrowViews, wideView } from '../usage/usage-views.ts';
import { prepared } from './prepared.ts';
import { turnState } from './rows.ts';
import { addToQuarters, writeDays, zonesOf } from './stored-sums.ts';
import { lateTurns, turnsBetween } from './unsummed-turns.ts';

/** Turns that are summed in one transaction: some 10 ms in which other processes wait. */
const summedAtOnce = 2_000;

/** From when on the stored sums answer a plan at once; null where they do for all of it. */
export function summedFromMs(db: DatabaseSync, plan: UsagePlan): number | null {
  if (lastTurn(db) - markOf(db) > mostUnsummed) return plan.toMs;
  return readyFromMs(plan, zoneOf(db, plan.timeZone), wholeFromMs(gapsOf(db)[0]));
}

/** Within a write transaction: one step towards sums that answer a plan at once, the newest turns first. Answers as `summedFromMs`. */
export function sumUp(db: DatabaseSync, plan: UsagePlan): number | null {
  const isNewZone = plan.wholeDays !== null && zoneOf(db, plan.timeZone) === null;
  if (isNewZone || lastTurn(db) - markOf(db) > mostUnsummed) moveMark(db);
  const [gap] = gapsOf(db);
  if (gap && wholeFromMs(gap) > plan.fromMs) sumGap(db, gap);
  if (plan.wholeDays) keepDays(db, plan);
  return summedFromMs(db, plan);
}

/** The gap with the newest turn first. */
export function gapsOf(db: DatabaseSync): Gap[] {
  const rows = prepared(
    db,
    'SELECT from_turn, to_turn, newest_ms FROM usage_gap ORDER BY newest_ms DESC',
  ).all();
  return rows.map((row) => ({
    from: Number(row['from_turn']),
    to: Number(row['to_turn']),
    newestMs: Number(row['newest_ms']),
  }));
}

export function zoneOf(db: DatabaseSync, timeZone: string): ZoneTiers | null {
  return zonesOf(db).find((zone) => zone.timeZone === timeZone) ?? null;
}

export function markOf(db: DatabaseSync): number {
  return Number(prepared(db, 'SELECT turn FROM usage_mark').get()?.['turn'] ?? 0);
}

/** Makes a gap of all turns above the mark. */
function moveMark(db: DatabaseSync): void {
  const [mark, last] = [markOf(db), lastTurn(db)];
  if (last <= mark) return;
  prepared(db, 'UPDATE usage_mark SET turn = ?').run(last);
  writeGap(db, { from: mark, to: last, newestMs: Number.MAX_SAFE_INTEGER });
}

/** Sums the turns of a gap with the highest numbers, and what is late. */
function sumGap(db: DatabaseSync, { from, to, newestMs }: Gap): void {
  const after = Math.max(from, to - summedAtOnce);
  const pieces = [...turnsBetween(db, after, to), ...lateTurns(db)];
  addToQuarters(db, foldPieces(pieces));
  for (const zone of zonesOf(db)) writeDays(db, zone, daysOf(pieces, zone));
  prepared(
    db,
    `DELETE FROM usage_open WHERE turn IN (SELECT seq FROM turn WHERE seq = usage_open.turn AND state <> ${turnState.inFlight})`,
  ).run();
  prepared(db, 'DELETE FROM usage_correction').run();
  prepared(
    db,
    `INSERT INTO usage_open SELECT seq FROM turn WHERE seq > ? AND seq <= ? AND state = ${turnState.inFlight}`,
  ).run(after, to);
  writeGap(db, { from, to: after, newestMs });
}

/** Nothing is kept of a gap without turns. */
function writeGap(db: DatabaseSync, { from, to, newestMs }: Gap): void {
  // By the index by time; the one by number would read the whole gap.
  const newest = prepared(
    db,
    `SELECT started_ms FROM turn INDEXED BY turn_by_time WHERE started_ms <= ? AND +seq > ? AND +seq <= ?
      ORDER BY started_ms DESC LIMIT 1`,
  ).get(newestMs, from, to);
  prepared(db, 'DELETE FROM usage_gap WHERE from_turn = ?').run(from);
  if (!newest) return;
  prepared(db, 'INSERT INTO usage_gap (from_turn, to_turn, newest_ms) VALUES (?, ?, ?)').run(
    from,
    to,
    Number(newest['started_ms']),
  );
}

/** Extends the days of the plan's time zone, and makes them where it has none. */
function keepDays(db: DatabaseSync, plan: UsagePlan): void {
  const firstMs = quarterAt(db, 'min');
  let zone = zoneOf(db, plan.timeZone);
  if (!zone) {
    const lastMs = quarterAt(db, 'max');
    const fromMs = lastMs === null ? 0 : plan.days.endOf(lastMs);
    const tiers: Record<string, number> = {};
    for (const { name } of [wideView, ...narrowViews]) {
      const insert = prepared(db, 'INSERT INTO usage_tier (time_zone, view, from_ms) VALUES (?, ?, ?)');
      tiers[name] = Number(insert.run(plan.timeZone, name, fromMs).lastInsertRowid);
    }
    zone = { timeZone: plan.timeZone, tiers, fromMs };
  }
  const { days, fromMs } = daysBefore(plan, {
    fromMs: zone.fromMs,
    wholeMs: wholeFromMs(gapsOf(db)[0]),
    firstMs,
  });
  if (fromMs === zone.fromMs) return;
  writeDays(db, zone, days);
  prepared(db, 'UPDATE usage_tier SET from_ms = ? WHERE time_zone = ?').run(fromMs, plan.timeZone);
}

function quarterAt(db: DatabaseSync, end: 'min' | 'max'): number | null {
  const row = prepared(db, `SELECT ${end}(at_ms) AS at_ms FROM usage_sum WHERE tier = 0`).get();
  return row?.['at_ms'] === null || row === undefined ? null : Number(row['at_ms']);
}

function lastTurn(db: DatabaseSync): number {
  return Number(prepared(db, 'SELECT max(seq) AS seq FROM turn').get()?.['seq'] ?? 0);
}
