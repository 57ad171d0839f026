import { SpecialistError } from '../agents/Specialist.ts';
import type { NoSpecialistAvailableError } from '../turn/NoSpecialistAvailableError.ts';

/** Whether the last specialist that was tried failed because its context is too short for the conversation. */
export function isTooLong(error: NoSpecialistAvailableError): boolean {
  const cause = error.attempts.at(-1)?.cause;
  return cause instanceof SpecialistError && cause.failure === 'context-too-long';
}
