import { z } from 'zod';
import { invalidRequest } from './ClaudeApiError.ts';

const contentBlock = z.looseObject({ type: z.string() });

const message = z.looseObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(contentBlock)]),
});

const tool = z.looseObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  type: z.string().nullish(),
  input_schema: z.looseObject({ type: z.literal('object') }).optional(),
});

const countedParts = {
  model: z.string().min(1),
  messages: z.array(message).min(1),
  system: z.union([z.string(), z.array(contentBlock)]).nullish(),
  tools: z.array(tool).optional(),
  tool_choice: z
    .looseObject({ type: z.enum(['auto', 'any', 'tool', 'none']), name: z.string().optional() })
    .optional(),
  thinking: z.looseObject({ type: z.string(), budget_tokens: z.int().min(1024).optional() }).optional(),
};

/** Body of `POST /v1/messages/count_tokens`. */
const countTokensBody = z.looseObject(countedParts);

/** Body of `POST /v1/messages` (https://docs.anthropic.com/en/api/messages). An open list: what is not named passes. */
const messagesBody = z.looseObject({
  ...countedParts,
  max_tokens: z.int().min(1),
  stream: z.boolean().nullish(),
  temperature: z.number().min(0).max(1).nullish(),
  stop_sequences: z.array(z.string()).nullish(),
});

export type CountTokensBody = z.infer<typeof countTokensBody>;
export type MessagesBody = z.infer<typeof messagesBody>;
export type RequestMessage = z.infer<typeof message>;
export type RequestBlock = z.infer<typeof contentBlock>;

/** @throws ClaudeApiError 400 that names the first field which is wrong */
export function parseMessagesBody(body: unknown): MessagesBody {
  return parse(messagesBody, body);
}

/** @throws ClaudeApiError 400 that names the first field which is wrong */
export function parseCountTokensBody(body: unknown): CountTokensBody {
  return parse(countTokensBody, body);
}

/** @throws ClaudeApiError 400 where the bytes are not JSON */
export function parseJsonBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw invalidRequest(`The request body is not valid JSON: ${(error as Error).message}`);
  }
}

function parse<Body>(schema: z.ZodType<Body>, body: unknown): Body {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw invalidRequest(wording(result.error.issues[0]));
}

function wording(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'Invalid request';
  const path = issue.path.join('.') || 'body';
  if (issue.code === 'invalid_type' && issue.input === undefined && issue.message.endsWith('undefined')) {
    return `${path}: Field required`;
  }
  if (path === 'messages' && issue.code === 'too_small') return 'messages: at least one message is required';
  if (issue.code === 'too_small') return `${path}: Input should be greater than or equal to ${issue.minimum}`;
  if (issue.code === 'too_big') return `${path}: Input should be less than or equal to ${issue.maximum}`;
  if (issue.code === 'invalid_type') return `${path}: Input should be a valid ${issue.expected}`;
  if (issue.code === 'invalid_format') return `${path}: String should match pattern '${issue.pattern}'`;
  return `${path}: ${issue.message}`;
}
