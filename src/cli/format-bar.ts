import type { BudgetStatus } from '../state/Ledger.ts';
import type { Style } from './style.ts';

export interface BarOptions {
  /** Columns that the whole bar takes, brackets included; at least 12. */
  readonly width: number;
  readonly thresholdsPercent: readonly number[];
  readonly style: Style;
}

/** The budget as a bar: `█` settled, `▒` held, `░` free; green, and yellow or red from the first and the last threshold on. */
export function formatBar(budget: BudgetStatus, options: BarOptions): string {
  const cells = Math.max(10, options.width - 2);
  const { limitTokens, settledTokens, heldTokens } = budget;
  const settled = cellsOf(settledTokens, limitTokens, cells);
  const used = Math.max(settled, cellsOf(settledTokens + heldTokens, limitTokens, cells));
  const paint = paintOf(budget, options);
  return `[${paint('█'.repeat(settled) + '▒'.repeat(used - settled))}${options.style.dim('░'.repeat(cells - used))}]`;
}

/** The colour in which a budget is shown. */
export function paintOf(
  { limitTokens, settledTokens, heldTokens }: BudgetStatus,
  { thresholdsPercent, style }: Pick<BarOptions, 'thresholdsPercent' | 'style'>,
): (text: string) => string {
  const percent = ((settledTokens + heldTokens) * 100) / limitTokens;
  if (percent >= (thresholdsPercent.at(-1) ?? 100)) return style.red;
  if (percent >= (thresholdsPercent[0] ?? 75)) return style.yellow;
  return style.green;
}

/** Any use shows, and only what is full looks full. */
function cellsOf(tokens: number, limitTokens: number, cells: number): number {
  if (tokens <= 0) return 0;
  if (tokens >= limitTokens) return cells;
  return Math.min(cells - 1, Math.max(1, Math.round((tokens * cells) / limitTokens)));
}
