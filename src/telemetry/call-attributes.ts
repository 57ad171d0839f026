import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MAX_TOKENS,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_RESPONSE_FINISH_REASONS,
  ATTR_GEN_AI_RESPONSE_ID,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from '@opentelemetry/semantic-conventions/incubating';
import type { AgentName } from '../agents/Specialist.ts';
import type { ModelCall } from '../work-events.ts';
import { own } from './attribute-names.ts';
import { inputTokens } from './input-tokens.ts';
import { providerOf } from './provider-of.ts';

/** Base URL of each specialist's provider. */
export type ProviderUrls = Readonly<Record<AgentName, string>>;

/** What the conventions want of an inference span (gen-ai-spans.md), as far as it is known; never a word of prompt or answer. */
export function callAttributes(call: ModelCall, urls: ProviderUrls): Attributes {
  const { agent, usage } = call;
  const { hostname, port, protocol } = new URL(urls[agent]);
  return {
    [ATTR_GEN_AI_OPERATION_NAME]: 'chat',
    [ATTR_GEN_AI_PROVIDER_NAME]: providerOf(agent),
    [ATTR_GEN_AI_REQUEST_MODEL]: call.requestModel,
    [ATTR_SERVER_ADDRESS]: hostname,
    [ATTR_SERVER_PORT]: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    ...(call.maxTokens !== null && { [ATTR_GEN_AI_REQUEST_MAX_TOKENS]: call.maxTokens }),
    ...(call.responseModel !== null && { [ATTR_GEN_AI_RESPONSE_MODEL]: call.responseModel }),
    ...(call.responseId !== null && { [ATTR_GEN_AI_RESPONSE_ID]: call.responseId }),
    ...(call.stopReason !== null && { [ATTR_GEN_AI_RESPONSE_FINISH_REASONS]: [call.stopReason] }),
    ...(usage !== null && {
      [ATTR_GEN_AI_USAGE_INPUT_TOKENS]: inputTokens(usage),
      [ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]: usage.outputTokens,
      [ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS]: usage.cacheReadInputTokens,
      [ATTR_GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS]: usage.cacheCreationInputTokens,
    }),
    ...(call.errorType !== null && { [ATTR_ERROR_TYPE]: call.errorType }),
    [own.heldTokens]: call.heldTokens,
  };
}
