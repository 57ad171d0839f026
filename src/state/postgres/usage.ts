import type { Pool } from 'pg';
import { stretchesOf } from '../usage/kept-sums.ts';
import { matchesPlan, type UsagePlan } from '../usage/plan-usage.ts';
import type { UsageRow } from '../usage/UsageQuery.ts';
import { UsageTally } from '../usage/UsageTally.ts';
import { storedPieces } from './stored-sums.ts';
import { gapsOf, markOf, zoneOf } from './sum-up.ts';
import { transaction } from './transaction.ts';
import { lateTurns, turnsBetween } from './unsummed-turns.ts';

/** Usage as of one moment, from the stored sums and the turns that are in none yet. */
export function readUsage(pool: Pool, plan: UsagePlan): Promise<UsageRow[]> {
  return transaction(pool, 'REPEATABLE READ READ ONLY', async (client) => {
    const tally = new UsageTally(plan.query, plan.days);
    for (const stretch of stretchesOf(plan, await zoneOf(client, plan.timeZone))) {
      const pieces = await storedPieces(client, plan, stretch);
      for (const piece of pieces) tally.add(piece, stretch.tier !== 0);
    }
    const unsummed = await turnsBetween(client, await markOf(client), Number.MAX_SAFE_INTEGER);
    for (const { from, to, newestMs } of await gapsOf(client)) {
      if (newestMs >= plan.fromMs) unsummed.push(...(await turnsBetween(client, from, to)));
    }
    unsummed.push(...(await lateTurns(client)));
    for (const piece of unsummed) if (matchesPlan(plan, piece)) tally.add(piece);
    return tally.rows();
  });
}
