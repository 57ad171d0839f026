import { version } from '../../version.ts';
import { sendJson } from '../api-error.ts';
import type { Exchange, GatewayParts } from '../GatewayParts.ts';

/** `GET /health`: that the gateway runs, and what is left of the budget. Needs no key and tells no secret. */
export function healthRoute({ response }: Pick<Exchange, 'response'>, gateway: GatewayParts): void {
  const budgets = gateway.ledger.snapshot().map((budget) => ({
    name: budget.name,
    ...(budget.unit === 'micro-usd'
      ? { limitUsd: budget.limitTokens / 1e6, remainingUsd: budget.remainingTokens / 1e6 }
      : { limitTokens: budget.limitTokens, remainingTokens: budget.remainingTokens }),
    resetAt: new Date(budget.resetAtMs).toISOString(),
  }));
  sendJson(response, 200, { status: 'ok', gateway: 'claude-teelamma', version, budgets });
}
