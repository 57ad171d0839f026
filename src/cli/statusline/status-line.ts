import { bareAmount } from '../../messages/format-amount.ts';
import { type OverviewBudget, usedShare } from '../../state/budget-overview.ts';
import { budgetTitle } from '../../state/scope.ts';
import { clockTime, type LocalTime } from '../clock-time.ts';
import { displayWidth, truncate } from '../display-width.ts';
import type { Style } from '../style.ts';
import type { SessionLimit } from './session-limits.ts';

export interface StatusLineParts {
  /** Those that may limit this session; null: none was ever written, or it cannot be read. */
  readonly budgets: readonly OverviewBudget[] | null;
  /** Claude's own limits. */
  readonly limits: readonly SessionLimit[];
  readonly contextPercent: number | null;
  readonly model: string | null;
  /** Claude asked not to be called before this, epoch ms; null: it may be called. */
  readonly coolDownUntilMs: number | null;
  readonly nowMs: number;
  /** The same moment on the user's clock. */
  readonly localTime: (atMs: number) => LocalTime;
  /** Columns. */
  readonly width: number;
  readonly style: Style;
}

/** How much is told: a narrow terminal loses first what Claude Code shows elsewhere, last what our budget has left. */
type Detail = 'all' | 'no-model' | 'no-context' | 'no-resets' | 'no-bar' | 'budget-alone' | 'least';

const details: readonly Detail[] = [
  'all',
  'no-model',
  'no-context',
  'no-resets',
  'no-bar',
  'budget-alone',
  'least',
];
const barCells = 8;

/** One line: the budget that is used most first, then the others, then Claude's own limits; as much of it as the width has room for. */
export function statusLine(parts: StatusLineParts): string {
  const lines = details.map((_detail, level) => lineOf(parts, (detail) => level < details.indexOf(detail)));
  const fitting = lines.find((line) => displayWidth(line) <= parts.width);
  return fitting ?? truncate(lines.at(-1) ?? '', parts.width);
}

/** Whether something is still told that goes at a detail. */
type Tells = (detail: Detail) => boolean;

function lineOf(parts: StatusLineParts, tells: Tells): string {
  const { style, model, contextPercent } = parts;
  const limits = parts.limits.map(({ name, usedPercent, resetAtMs }) => {
    const reset = resetAtMs === null || !tells('no-resets') ? '' : ` until ${clock(resetAtMs, parts)}`;
    return `${name} ${paint(usedPercent, [], style)(`${Math.floor(usedPercent)}%`)}${reset}`;
  });
  const pieces = [
    ...budgetPieces(parts, tells),
    ...(tells('budget-alone') ? limits : []),
    ...(tells('no-context') && contextPercent !== null ? [`context ${Math.floor(contextPercent)}%`] : []),
    ...(tells('no-model') && model !== null ? [model] : []),
  ];
  return pieces.join(style.dim(' | '));
}

function budgetPieces(parts: StatusLineParts, tells: Tells): string[] {
  const { budgets, style, coolDownUntilMs } = parts;
  const coolDown =
    coolDownUntilMs === null ? [] : [style.yellow(`Ollama serves until ${clock(coolDownUntilMs, parts)}`)];
  const [first, ...others] = [...(budgets ?? [])].sort((a, b) => usedShare(b) - usedShare(a));
  if (!first) return ['teelamma: budget not used yet', ...coolDown];
  const ollama = usedShare(first) >= 1 ? [style.red('Ollama serves')] : coolDown;
  const more = others.map((budget) => `${nameOf(budget)} ${percentText(budget, style)}`);
  return [fullBudget(first, parts, tells), ...ollama, ...(tells('budget-alone') ? more : [])];
}

function fullBudget(budget: OverviewBudget, parts: StatusLineParts, tells: Tells): string {
  const { limit, settled, held, resetAtMs } = budget;
  const left = `${bareAmount(budget, Math.max(0, limit - settled - held))} left`;
  if (!tells('least')) return `${percentText(budget, parts.style)} ${left}`;
  const reset = resetAtMs === null || !tells('no-resets') ? '' : `, resets ${clock(resetAtMs, parts)}`;
  const bar = tells('no-bar') ? `${barOf(budget, parts.style)} ` : '';
  return `${nameOf(budget)} ${bar}${percentText(budget, parts.style)} ${left}${reset}`;
}

/** `█` settled, `▒` held, `░` free. Any use shows, and only what is full looks full. */
function barOf(budget: OverviewBudget, style: Style): string {
  const cells = (share: number) =>
    share <= 0 ? 0 : share >= 1 ? barCells : Math.max(1, Math.floor(share * barCells));
  const used = cells(usedShare(budget));
  const settled = Math.min(used, cells(usedShare({ ...budget, held: 0 })));
  const color = paint(usedShare(budget) * 100, budget.thresholdsPercent, style);
  return color('█'.repeat(settled) + '▒'.repeat(used - settled)) + style.dim('░'.repeat(barCells - used));
}

function percentText(budget: OverviewBudget, style: Style): string {
  // Sums are whole numbers: 29 of 100 shall not be 28 % for a rounding.
  const percent = Math.floor(usedShare(budget) * 100 + 1e-9);
  return paint(percent, budget.thresholdsPercent, style)(`${percent}%`);
}

function nameOf(budget: OverviewBudget): string {
  const isPlain = budget.name === 'default' && !budget.each;
  return isPlain ? 'budget' : budgetTitle(budget).replace(/\p{Cc}/gu, '');
}

/** Yellow from the first threshold, red from the last one below 100 that follows it, or from 100; without any, from 75 and 90. */
function paint(
  percent: number,
  thresholdsPercent: readonly number[],
  style: Style,
): (text: string) => string {
  const [first = 75, ...rest] = thresholdsPercent.length > 0 ? thresholdsPercent : [75, 90];
  const red = rest.findLast((threshold) => threshold < 100) ?? 100;
  if (percent >= red) return style.red;
  return percent >= first ? style.yellow : style.green;
}

function clock(atMs: number, { nowMs, localTime }: StatusLineParts): string {
  return clockTime(atMs, nowMs, localTime);
}
