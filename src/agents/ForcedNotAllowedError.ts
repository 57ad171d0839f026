import { TeelammaError } from '../errors.ts';
import { bareAmount } from '../messages/format-amount.ts';
import { formatTokens } from '../messages/format-tokens.ts';
import type { TokenBudgetStatus } from './routing-decision.ts';

/** Claude was forced past the limit, and `budget.allowForced: false` forbids that. */
export class ForcedNotAllowedError extends TeelammaError {
  readonly status: TokenBudgetStatus;
  readonly estimatedTokens: number;

  constructor(status: TokenBudgetStatus, estimatedTokens: number) {
    super(
      'forced-not-allowed',
      `Claude was forced, but about ${formatTokens(estimatedTokens)} tokens are needed, ${bareAmount(status, status.remaining)} are left, and budget.allowForced is ` +
        'false. Leave the agent to be chosen, raise the limit with `teelamma budget set`, or set budget.allowForced to true.',
    );
    this.status = status;
    this.estimatedTokens = estimatedTokens;
  }
}
