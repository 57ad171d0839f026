import type { AgentName } from '../agents/Specialist.ts';
import { TeelammaError } from '../errors.ts';

/** Why one specialist did not answer. */
export interface FailedAttempt {
  readonly agent: AgentName;
  /** A sentence without its full stop. */
  readonly reason: string;
  /** Tokens that it stays charged. */
  readonly chargedTokens: number;
  /** Whether it was a token budget that kept Claude from it. */
  readonly lacksBudget?: boolean;
  readonly cause?: unknown;
}

/** Nobody could do the turn: says who was tried, why each failed, and what to do. */
export class NoSpecialistAvailableError extends TeelammaError {
  readonly attempts: readonly FailedAttempt[];

  constructor(attempts: readonly FailedAttempt[]) {
    const tried = attempts.map(({ agent, reason }) => `${agent}: ${reason}`).join('; ');
    super(
      'no-specialist-available',
      `Nobody could do this. Tried ${tried}. \`teelamma doctor\` says what to mend.`,
      {
        cause: attempts.at(-1)?.cause,
        isRetryable: true,
      },
    );
    this.attempts = attempts;
  }
}
