import * as z from 'zod';
import { leftPercent, limitTitle, type ReportedLimit } from '../state/reported-limit.ts';

/** A limit that Claude itself reported, as MCP clients see it. */
export const limitSchema = z.object({
  name: z.string().describe("as in Claude's headers, such as unified-5h or input-tokens"),
  leftPercent: z.number().int().nullable(),
  status: z.string().nullable().describe('allowed, allowed_warning, rejected, ...'),
  resetAt: z.string().nullable().describe('ISO 8601'),
  hasReset: z.boolean().describe('it has reset since it was seen, so that leftPercent no longer holds'),
  seenAt: z.string().describe('when Claude reported it, ISO 8601'),
});

type LimitView = z.infer<typeof limitSchema>;

/** A limit in the terms of `limitSchema`. */
export function limitView(limit: ReportedLimit, nowMs: number): LimitView {
  const { name, leftShare, status = null, resetAtMs, seenAtMs } = limit;
  return {
    name,
    leftPercent: leftShare === null ? null : leftPercent(leftShare),
    status,
    resetAt: resetAtMs === null ? null : new Date(resetAtMs).toISOString(),
    hasReset: resetAtMs !== null && resetAtMs <= nowMs,
    seenAt: new Date(seenAtMs).toISOString(),
  };
}

/** One line about a limit. */
export function limitText({ name, leftPercent: left, status, resetAt, hasReset, seenAt }: LimitView): string {
  const amount = left === null ? `status ${status}` : `${left}% left`;
  const reset = resetAt === null ? '' : hasReset ? ', has reset since' : `, resets at ${resetAt}`;
  return `Claude's own ${limitTitle(name)}: ${amount}${reset} (reported ${seenAt}).`;
}
