import { claudeCredential, openReportedLimits } from '../../app.ts';
import type { Config } from '../../config/Config.ts';
import { formatCountdown } from '../../messages/format-countdown.ts';
import { leftPercent, limitTitle } from '../../state/reported-limit.ts';
import { formatMoment } from '../format-time.ts';
import type { Check } from './Check.ts';

/** What Claude itself reported of its limits, and whether Ollama does the work for their sake. Nothing where it reported nothing. */
export async function checkLimits(
  config: Config,
  { nowMs, timeZone }: { readonly nowMs: number; readonly timeZone: string },
): Promise<readonly Check[]> {
  const name = 'Claude limits';
  const problems: string[] = [];
  const limits = await openReportedLimits(config, (problem) => problems.push(problem));
  const credential = claudeCredential(config);
  const known = limits.of(credential);
  if (problems.length > 0) {
    const found = problems.join(' ');
    return [
      { name, status: 'warn', found, fix: `delete ${config.paths.claudeLimitsFile} if it does not go away` },
    ];
  }
  const reached = limits.reserveReached(credential);
  if (reached) {
    const reset = `${formatMoment(reached.resetAtMs, timeZone)}, in ${formatCountdown(reached.resetAtMs - nowMs)}`;
    const fix = 'wait, or lower claude.reserve: teelamma config set claude.reserve off';
    return [
      { name, status: 'warn', found: `${reached.reason} (${reset}); Ollama does the work until then`, fix },
    ];
  }
  const current = known.filter(({ resetAtMs, leftShare }) => leftShare !== null && (resetAtMs ?? 0) > nowMs);
  if (current.length === 0) return [];
  const parts = current.map(
    (limit) => `${leftPercent(limit.leftShare ?? 0)}% left of its ${limitTitle(limit.name)}`,
  );
  return [{ name, status: 'ok', found: `Claude reports ${parts.join(', ')}` }];
}
