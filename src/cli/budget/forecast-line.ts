import { bareAmount } from '../../messages/format-amount.ts';
import { formatCountdown } from '../../messages/format-countdown.ts';
import type { Forecast } from '../../state/forecast.ts';
import type { BudgetStatus } from '../../state/Ledger.ts';
import { formatMoment } from '../format-time.ts';

/** A forecast in one line, or null where there is nothing to be said. */
export function forecastLine(
  budget: BudgetStatus,
  found: Forecast,
  nowMs: number,
  timeZone: string,
): string | null {
  const pace =
    found.perHour === null ? '' : `At the present pace (${bareAmount(budget, found.perHour)} an hour)`;
  const at = (atMs: number) => `${formatMoment(atMs, timeZone)}, in ${formatCountdown(atMs - nowMs)}`;
  switch (found.verdict) {
    case 'exhausted':
      return null;
    case 'too-little-known':
      return 'Forecast: too little was used in the last hours to say';
    case 'lasts':
      return `${pace} it lasts until the reset`;
    case 'ends':
      return `${pace} it ends ${at(found.endsAtMs ?? nowMs)} (${rangeText(found, nowMs)})`;
    case 'may-end':
      return found.endsAtMs === null
        ? `${pace} it lasts until the reset, but not if the next hours are like the busiest: then it ends ${at(found.earliestMs ?? nowMs)}`
        : `${pace} it ends ${at(found.endsAtMs)} (${rangeText(found, nowMs)})`;
  }
}

function rangeText({ earliestMs, latestMs }: Forecast, nowMs: number): string {
  const earliest = formatCountdown((earliestMs ?? nowMs) - nowMs);
  if (latestMs === null) return `in ${earliest} at the earliest, perhaps not before the reset`;
  const latest = formatCountdown(latestMs - nowMs);
  return earliest === latest ? 'each hour was alike' : `between ${earliest} and ${latest} from now`;
}
