import { amountText, bareAmount } from '../../messages/format-amount.ts';
import { type OverviewBudget, usedShare } from '../../state/budget-overview.ts';
import { budgetTitle } from '../../state/scope.ts';

/** What a hook prints for Claude Code, as JSON. */
export interface HookAnswer {
  /** Shown to the user, not to the model. */
  readonly systemMessage?: string;
  /** The prompt is not sent, and the user is told why. */
  readonly decision?: 'block';
  readonly reason?: string;
}

export interface HookAnswerPorts {
  /** Whether the session has still to be told of this; true once for each. */
  readonly claim: (budget: OverviewBudget, percent: number) => boolean;
  /** A moment on the user's clock. */
  readonly clock: (atMs: number) => string;
}

/**
 * One line for each budget that has reached a threshold since the session was told last; null where there is none. With `isBlocking`, a
 * budget that is used up, holds included, refuses the prompt instead, every time.
 */
export function hookAnswer(
  budgets: readonly OverviewBudget[],
  isBlocking: boolean,
  { claim, clock }: HookAnswerPorts,
): HookAnswer | null {
  const gone = isBlocking ? budgets.find((budget) => usedShare(budget) >= 1) : undefined;
  if (gone) {
    const reason = `${title(gone)} is used up${until(gone, clock)}, and hook.block is on: the prompt was not sent. Raise the limit with \`teelamma budget set\`, or turn it off with \`teelamma config set hook.block false\`.`;
    return { decision: 'block', reason };
  }
  const lines = budgets.filter((budget) => hasNews(budget, claim)).map((budget) => lineOf(budget, clock));
  return lines.length === 0 ? null : { systemMessage: lines.join('\n') };
}

/** As in the ledger, what is settled reaches a threshold; every one that is reached is claimed, so that a lower one is not told later. */
function hasNews(budget: OverviewBudget, claim: HookAnswerPorts['claim']): boolean {
  return budget.thresholdsPercent
    .filter((percent) => budget.settled > 0 && budget.settled * 100 >= percent * budget.limit)
    .map((percent) => claim(budget, percent))
    .includes(true);
}

function lineOf(budget: OverviewBudget, clock: (atMs: number) => string): string {
  const { settled, held, limit } = budget;
  if (settled >= limit) {
    return `${title(budget)} is used up: what goes through teelamma is done by Ollama${until(budget, clock)}.`;
  }
  const percent = Math.floor((settled * 100) / limit);
  const left = `${amountText(budget, Math.max(0, limit - settled - held))} left`;
  return `${title(budget)} is ${percent}% used (${bareAmount(budget, settled)} of ${bareAmount(budget, limit)}), ${left}${until(budget, clock)}.`;
}

function title(budget: OverviewBudget): string {
  return `Token budget ${budgetTitle(budget).replace(/\p{Cc}/gu, '')}`;
}

function until({ resetAtMs }: OverviewBudget, clock: (atMs: number) => string): string {
  return resetAtMs === null ? '' : ` until ${clock(resetAtMs)}`;
}
