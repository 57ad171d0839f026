import { bareAmount } from '../../messages/format-amount.ts';
import { percentOf } from '../../messages/format-tokens.ts';
import type { MirrorContent } from '../../state/budget-mirror.ts';
import { truncate } from '../display-width.ts';
import type { Style } from '../style.ts';
import type { SessionLimits } from './session-limits.ts';

export interface StatusLineParts {
  readonly session: SessionLimits;
  /** Null: there is no budget file, or it cannot be read. */
  readonly budget: MirrorContent | null;
  /** Claude asked not to be called before this, epoch ms; null: it may be called. */
  readonly coolDownUntilMs: number | null;
  readonly nowMs: number;
  readonly timeZone: string;
  /** Columns. */
  readonly width: number;
  readonly style: Style;
}

const barCells = 8;

/** One line: our budget first, since a narrow terminal cuts the end; then Claude Code's own limits. */
export function statusLine(parts: StatusLineParts): string {
  const { session, style } = parts;
  const own = session.limits.map(({ name, usedPercent, resetAtMs }) => {
    const reset = resetAtMs === null ? '' : ` until ${clock(resetAtMs, parts)}`;
    return `${name} ${paint(usedPercent, style)(`${Math.floor(usedPercent)}%`)}${reset}`;
  });
  const context = session.contextPercent === null ? [] : [`context ${Math.floor(session.contextPercent)}%`];
  const pieces = [
    ...budgetPieces(parts),
    ...own,
    ...context,
    ...(session.model === null ? [] : [session.model]),
  ];
  return truncate(pieces.join(style.dim(' | ')), parts.width);
}

function budgetPieces(parts: StatusLineParts): string[] {
  const { budget, nowMs, style, coolDownUntilMs } = parts;
  const coolDown =
    coolDownUntilMs === null ? [] : [style.yellow(`Ollama serves until ${clock(coolDownUntilMs, parts)}`)];
  if (!budget) return ['teelamma: budget not used yet', ...coolDown];
  const isOver = nowMs >= budget.resetTime;
  const used = isOver ? 0 : budget.used;
  const percent = budget.dailyLimit === 0 ? 100 : percentOf(used, budget.dailyLimit);
  const filled = used === 0 ? 0 : Math.min(barCells, Math.max(1, Math.floor((percent * barCells) / 100)));
  const color = paint(percent, style);
  const bar = `${color('█'.repeat(filled))}${style.dim('░'.repeat(barCells - filled))}`;
  const left = bareAmount(budget, Math.max(0, budget.dailyLimit - used));
  const reset = isOver ? '' : `, resets ${clock(budget.resetTime, parts)}`;
  const ollama = percent >= 100 ? [style.red('Ollama serves')] : coolDown;
  return [`budget ${bar} ${color(`${percent}%`)} ${left} left${reset}`, ...ollama];
}

function paint(percent: number, style: Style): (text: string) => string {
  if (percent >= 90) return style.red;
  return percent >= 75 ? style.yellow : style.green;
}

/** The user's clock, with the weekday where it is not within a day. */
function clock(atMs: number, { nowMs, timeZone }: StatusLineParts): string {
  const isNear = atMs - nowMs < 24 * 3_600_000;
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    ...(!isNear && { weekday: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
  }).format(atMs);
}
