import { claudeCredential, openReportedLimits } from '../../app.ts';
import type { Config } from '../../config/Config.ts';
import { formatCountdown } from '../../messages/format-countdown.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import { leftPercent, limitTitle, type ReportedLimit } from '../../state/reported-limit.ts';
import { type CliContext, columnsOf } from '../CliContext.ts';
import { formatMoment } from '../format-time.ts';
import { writeLine, writeNote } from '../output.ts';
import { wrapText } from '../wrap-text.ts';

/** What Claude reported of the limits of the key in use, latest first seen by any process. */
export async function readReportedLimits(
  context: CliContext,
  config: Config,
): Promise<readonly ReportedLimit[]> {
  const limits = await openReportedLimits(config, (message) =>
    writeNote(context, context.errorStyle.yellow(`Warning: ${message}`)),
  );
  return limits.of(claudeCredential(config));
}

/** For `--json`: shares as percent, times as ISO 8601 too. */
export function reportedLimitsDocument(limits: readonly ReportedLimit[], config: Config, nowMs: number) {
  return {
    reservePercent: Number((config.claude.reserveShare * 100).toFixed(2)),
    limits: limits.map((limit) => ({
      ...limit,
      leftPercent: limit.leftShare === null ? null : leftPercent(limit.leftShare),
      resetAt: limit.resetAtMs === null ? null : new Date(limit.resetAtMs).toISOString(),
      hasReset: hasReset(limit, nowMs),
      isInReserve: isInReserve(limit, config, nowMs),
      ageMs: Math.max(0, nowMs - limit.seenAtMs),
    })),
  };
}

/** The same for people; nothing where Claude has reported nothing. */
export function writeReportedLimits(
  context: CliContext,
  limits: readonly ReportedLimit[],
  config: Config,
): void {
  const nowMs = context.nowMs();
  if (limits.length === 0) return;
  const width = context.isTerminal.stdout ? columnsOf(context.stdout) : 80;
  writeLine(context);
  writeLine(context, context.style.bold('Limits that Claude itself reports'));
  for (const limit of limits)
    writeLine(context, wrapText(lineOf(limit, context, config, nowMs), width, '  '));
}

function lineOf(limit: ReportedLimit, context: CliContext, config: Config, nowMs: number): string {
  const { style } = context;
  const { limit: most, remaining, status, resetAtMs, seenAtMs } = limit;
  const amounts =
    most !== undefined && remaining !== undefined
      ? ` (${formatTokens(remaining)} of ${formatTokens(most)})`
      : '';
  const left = limit.leftShare === null ? '' : `${leftPercent(limit.leftShare)}% left${amounts}`;
  const said = status === undefined ? '' : `Claude says ${status}`;
  const reset =
    resetAtMs === null
      ? ''
      : hasReset(limit, nowMs)
        ? 'has reset since'
        : `resets ${formatMoment(resetAtMs, context.timeZone)}, in ${formatCountdown(resetAtMs - nowMs)}`;
  const seen = `seen ${formatCountdown(Math.max(0, nowMs - seenAtMs))} ago`.replace(
    'seen now ago',
    'seen now',
  );
  const parts = [left, said, reset, seen].filter((text) => text !== '').join(', ');
  const title = limitTitle(limit.name);
  const text = `${title[0]?.toUpperCase()}${title.slice(1)}: ${parts}`;
  return isInReserve(limit, config, nowMs)
    ? style.yellow(`${text} - below the reserve, so Ollama does the work`)
    : text;
}

function hasReset({ resetAtMs }: ReportedLimit, nowMs: number): boolean {
  return resetAtMs !== null && resetAtMs <= nowMs;
}

function isInReserve(limit: ReportedLimit, { claude }: Config, nowMs: number): boolean {
  if (limit.leftShare === null || limit.resetAtMs === null || hasReset(limit, nowMs)) return false;
  return limit.leftShare < claude.reserveShare;
}
