import { SpecialistError } from '../agents/Specialist.ts';
import type { TurnOutcome } from '../state/Ledger.ts';

/**
 * What a turn that failed costs. Only where it certainly did not reach the provider, or the provider itself refused it, is it free;
 * usage counts where the provider had reported all of it; everything else stays charged at its hold.
 */
export function outcomeOfError(error: unknown): TurnOutcome {
  if (!(error instanceof SpecialistError)) return { kind: 'unknown', reason: String(error) };
  if (error.reached !== 'started') return { kind: 'not-charged', reason: error.message };
  if (error.usage && error.usageIsFinal) return { kind: 'usage', usage: error.usage };
  return { kind: 'unknown', reason: error.message };
}
