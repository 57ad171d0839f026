import * as z from 'zod';
import type { DashboardPorts } from '../DashboardPorts.ts';

const form = z.strictObject({ budget: z.string().min(1).max(100) });

/** What `teelamma budget reset <name>` does. `malformed` where the body is not of the form of a `ResetRequest`. */
export async function resetOneBudget(
  body: unknown,
  { budgets, resetBudget, log }: DashboardPorts,
): Promise<'done' | 'malformed' | 'unknown'> {
  const read = form.safeParse(body);
  if (!read.success) return 'malformed';
  const { budget } = read.data;
  if (!budgets().some(({ name }) => name === budget)) return 'unknown';
  await resetBudget(budget);
  log.record({ agent: 'dashboard', action: 'reset-budget', level: 'warn', input: { budget }, output: {} });
  return 'done';
}
