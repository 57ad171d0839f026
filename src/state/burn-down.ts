import { noUsage } from '../messages/token-usage.ts';
import { amountOf, countsIn } from './forecast.ts';
import { type BudgetSpec, type BudgetStatus, CHARGED_AGENT, type Ledger, type TurnRecord } from './Ledger.ts';
import type { UsageRow } from './usage/UsageQuery.ts';

/** What was left of a budget's window, from its beginning to now. Amounts are in the budget's unit. */
export interface BurnDown {
  /** Ascending in time; each holds until the next. The last is now, with what is held taken off. */
  readonly points: readonly (readonly [atMs: number, remaining: number])[];
  /** Whether each turn is a point, or each hour. */
  readonly resolution: 'turn' | 'hour';
}

/** One turn of so many is no longer seen on a chart, and reading them all would take longer than reading sums. */
const mostTurns = 1_000;
const hourMs = 3_600_000;

interface Spent {
  readonly atMs: number;
  readonly amount: number;
}

/**
 * Follows a window by its turns, or where they are many by its hours. What was charged without a turn (usage of an older installation,
 * `TokenBudget.increment`) counts from the window's beginning, since nobody knows when it was.
 */
export async function burnDown(
  ledger: Pick<Ledger, 'history' | 'usage'>,
  spec: BudgetSpec,
  budget: BudgetStatus,
  nowMs: number,
): Promise<BurnDown> {
  const { windowStartMs: startMs, limitTokens, settledTokens, heldTokens } = budget;
  const now = [nowMs, limitTokens - settledTokens - heldTokens] as const;
  if (startMs === null) return { points: [now], resolution: 'turn' };
  const turns = await ledger.history({ sinceMs: startMs, agent: CHARGED_AGENT, limit: mostTurns + 1 });
  const resolution = turns.length > mostTurns ? 'hour' : 'turn';
  const spent =
    resolution === 'turn'
      ? turns.flatMap((turn) => spentByTurn(spec, budget, turn))
      : await spentByHour(ledger, spec, { budget, startMs, nowMs });
  const known = spent.reduce((sum, { amount }) => sum + amount, 0);
  let remaining = limitTokens - Math.max(0, settledTokens - known);
  const points: (readonly [number, number])[] = [[startMs, remaining]];
  for (const { atMs, amount } of spent.toSorted((a, b) => a.atMs - b.atMs)) {
    remaining -= amount;
    points.push([Math.min(nowMs, Math.max(startMs, atMs)), remaining]);
  }
  return { points: [...points, now], resolution };
}

function spentByTurn(spec: BudgetSpec, budget: BudgetStatus, turn: TurnRecord): Spent[] {
  const { kind, model, scope, usage, chargedTokens, settledAtMs, startedAtMs, state } = turn;
  if (state === 'in-flight' || state === 'released') return [];
  const keys = { agent: turn.agent, kind, model, project: '', user: '', door: '', ...scope };
  if (!countsIn(spec, budget, keys)) return [];
  const amount = amountOf(spec, { ...(usage ?? noUsage), model, startMs: startedAtMs, chargedTokens });
  return [{ atMs: settledAtMs ?? startedAtMs, amount }];
}

async function spentByHour(
  ledger: Pick<Ledger, 'usage'>,
  spec: BudgetSpec,
  { budget, startMs, nowMs }: { budget: BudgetStatus; startMs: number; nowMs: number },
): Promise<Spent[]> {
  const by = ['hour', 'kind', 'model', 'project', 'user', 'door'] as const;
  const rows = await ledger.usage({ by, where: { agent: CHARGED_AGENT }, sinceMs: startMs });
  const hours = new Map<number, number>();
  for (const row of rows.filter((one: UsageRow) => countsIn(spec, budget, one))) {
    const endMs = Math.min(nowMs, (row.startMs ?? startMs) + hourMs);
    hours.set(endMs, (hours.get(endMs) ?? 0) + amountOf(spec, row));
  }
  return [...hours].map(([atMs, amount]) => ({ atMs, amount }));
}
