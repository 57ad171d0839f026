import * as z from 'zod';
import { formatDuration } from '../../config/parse-duration.ts';
import { amountText } from '../../messages/format-amount.ts';
import type { DashboardPorts } from '../DashboardPorts.ts';
import type { LimitDocument } from './api-types.ts';

const form = z.strictObject({ limit: z.string().max(40), window: z.string().max(20).optional() });

/**
 * What `teelamma budget set` does, on the default budget. Gives null where the body is not of the form of a `LimitRequest`.
 * @throws InvalidConfigError for a limit or window that is none; TeelammaError `state-unwritable`
 */
export function changeLimit(body: unknown, { setLimit, log }: DashboardPorts): LimitDocument | null {
  const read = form.safeParse(body);
  if (!read.success) return null;
  const { limit, config, overrides, usefulAmount } = setLimit(read.data);
  const { windowMs } = config.budget;
  log.record({
    agent: 'dashboard',
    action: 'set-limit',
    input: { limit: read.data.limit, window: read.data.window ?? null },
    output: { limit: limit.amount, unit: limit.unit ?? 'tokens', windowMs },
  });
  const hint =
    usefulAmount === null
      ? []
      : [`Few calls need less than ${amountText(limit, usefulAmount)}: nearly every task will go to Ollama.`];
  return {
    limitText: amountText(limit, limit.amount),
    windowText: formatDuration(windowMs),
    notes: [...overrides, ...hint],
  };
}
