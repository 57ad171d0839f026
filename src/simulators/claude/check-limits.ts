import { invalidRequest } from './ClaudeApiError.ts';
import type { ClaudeModel } from './claude-models.ts';
import type { MessagesBody } from './claude-request.ts';

/**
 * Checks the request against the limits of its model and of thinking.
 * @throws ClaudeApiError 400
 */
export function checkLimits(body: MessagesBody, inputTokens: number, model: ClaudeModel): void {
  if (body.max_tokens > model.maxOutputTokens) {
    throw invalidRequest(
      `max_tokens: ${body.max_tokens} > ${model.maxOutputTokens}, which is the maximum allowed number of output tokens ` +
        `for ${model.id}`,
    );
  }
  const budget = body.thinking?.type === 'enabled' ? body.thinking.budget_tokens : undefined;
  if (body.thinking?.type === 'enabled' && budget === undefined) {
    throw invalidRequest('thinking.enabled.budget_tokens: Field required');
  }
  if (budget !== undefined && budget >= body.max_tokens) {
    throw invalidRequest('`max_tokens` must be greater than `thinking.budget_tokens`.');
  }
  if (inputTokens > model.contextTokens) {
    throw invalidRequest(`prompt is too long: ${inputTokens} tokens > ${model.contextTokens} maximum`);
  }
}
