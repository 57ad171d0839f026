import type { DatabaseSync } from 'node:sqlite';
import { stretchesOf } from '../usage/kept-sums.ts';
import { matchesPlan, type UsagePlan } from '../usage/plan-usage.ts';
import type { UsageRow } from '../usage/UsageQuery.ts';
import { UsageTally } from '../usage/UsageTally.ts';
import { storedPieces } from './stored-sums.ts';
import { gapsOf, markOf, zoneOf } from './sum-up.ts';
import { lateTurns, turnsBetween } from './unsummed-turns.ts';

/** Within a read transaction: usage as of this moment, from the stored sums and the turns that are in none yet. */
export function readUsage(db: DatabaseSync, plan: UsagePlan): UsageRow[] {
  const tally = new UsageTally(plan.query, plan.days);
  for (const stretch of stretchesOf(plan, zoneOf(db, plan.timeZone))) {
    for (const piece of storedPieces(db, plan, stretch)) tally.add(piece, stretch.tier !== 0);
  }
  const unsummed = turnsBetween(db, markOf(db), Number.MAX_SAFE_INTEGER);
  for (const { from, to, newestMs } of gapsOf(db)) {
    if (newestMs >= plan.fromMs) unsummed.push(...turnsBetween(db, from, to));
  }
  unsummed.push(...lateTurns(db));
  for (const piece of unsummed) if (matchesPlan(plan, piece)) tally.add(piece);
  return tally.rows();
}
