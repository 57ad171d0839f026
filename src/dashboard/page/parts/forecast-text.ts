import { bareAmount } from '../../../messages/format-amount.ts';
import { formatCountdown } from '../../../messages/format-countdown.ts';
import type { BudgetView, ForecastView } from '../../api/api-types.ts';
import { moment } from '../format.ts';

/** What the forecast says, in a sentence without its full stop. */
export function forecastText(
  budget: Pick<BudgetView, 'unit' | 'windowStartMs'>,
  { verdict, perHour, endsAtMs, earliestMs }: ForecastView,
  nowMs: number,
): string {
  const at = (atMs: number) => `${moment(atMs, nowMs)}, in ${formatCountdown(atMs - nowMs)}`;
  const pace = perHour === null ? '' : `At ${bareAmount(budget, perHour)} an hour`;
  switch (verdict) {
    case 'exhausted':
      return 'Used up: tasks go to Ollama until the reset';
    case 'too-little-known':
      return budget.windowStartMs === null
        ? 'Not used yet: the window begins with the first use'
        : 'Too little was used in the last hours for a forecast';
    case 'lasts':
      return `${pace} it lasts until the reset`;
    case 'ends':
      return `${pace} it ends ${at(endsAtMs ?? nowMs)}`;
    case 'may-end':
      return endsAtMs === null
        ? `${pace} it lasts, but if the next hours are like the busiest it ends ${at(earliestMs ?? nowMs)}`
        : `${pace} it ends ${at(endsAtMs)}, or not before the reset`;
  }
}
