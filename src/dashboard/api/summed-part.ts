import type { Ledger } from '../../state/Ledger.ts';
import type { UsageQuery } from '../../state/usage/UsageQuery.ts';

/** How long an answer waits for sums; the page asks again, and each question sums a part of what is left. */
const patienceMs = 300;

/** The part of a question that the kept sums answer by now; `summedSinceMs` says from when on, null where it is all of it. */
export async function summedPart(
  query: UsageQuery,
  { ledger }: { readonly ledger: Pick<Ledger, 'sumUp'> },
): Promise<{ readonly query: UsageQuery; readonly summedSinceMs: number | null }> {
  const summedSinceMs = await ledger.sumUp(query, patienceMs);
  return { query: summedSinceMs === null ? query : { ...query, sinceMs: summedSinceMs }, summedSinceMs };
}
