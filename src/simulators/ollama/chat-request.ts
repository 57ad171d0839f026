import { z } from 'zod';
import { OllamaApiError } from './OllamaApiError.ts';

const toolCall = z.looseObject({
  function: z.looseObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()).nullish() }),
});

const message = z.looseObject({
  role: z.string(),
  content: z.string().nullish(),
  thinking: z.string().nullish(),
  images: z.array(z.string()).nullish(),
  tool_calls: z.array(toolCall).nullish(),
  tool_name: z.string().nullish(),
});

const tool = z.looseObject({
  type: z.string().optional(),
  function: z.looseObject({ name: z.string().optional(), parameters: z.unknown().optional() }),
});

/** Body of `POST /api/chat` (https://docs.ollama.com/api/chat). An open list: what is not named passes, as in the real server. */
const chatBody = z.looseObject({
  model: z.string().optional(),
  messages: z.array(message).nullish(),
  tools: z.array(tool).nullish(),
  stream: z.boolean().nullish(),
  format: z.unknown().optional(),
  think: z.unknown().optional(),
  keep_alive: z.union([z.string(), z.number()]).nullish(),
  truncate: z.boolean().nullish(),
  shift: z.boolean().nullish(),
  options: z.record(z.string(), z.unknown()).nullish(),
});

export type ChatBody = z.infer<typeof chatBody> & { readonly model: string };
export type ChatMessage = z.infer<typeof message>;

/**
 * Parses the JSON of a request body.
 * @throws OllamaApiError 400
 */
export function parseBody(body: Buffer): unknown {
  if (body.length === 0) throw new OllamaApiError(400, 'missing request body');
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new OllamaApiError(400, `invalid character in request body: ${(error as Error).message}`);
  }
}

/**
 * Checks a chat request as the real server's decoder does, and a little more: a role that it does not know is refused here, where the
 * real one would put the message into its template.
 * @throws OllamaApiError 400, in the wording of Go's JSON decoder; 500 for an option of the wrong type, as there
 */
export function parseChatBody(value: unknown): ChatBody {
  const result = chatBody.safeParse(value);
  if (!result.success) throw new OllamaApiError(400, goWording(result.error.issues[0], value));
  const body = result.data;
  if (!body.model) throw new OllamaApiError(400, 'model is required');
  for (const { role } of body.messages ?? []) {
    if (!roles.has(role)) {
      throw new OllamaApiError(
        400,
        `invalid role: "${role}", must be one of [system, user, assistant, tool]`,
      );
    }
  }
  if (!isThinkValue(body.think)) {
    throw new OllamaApiError(
      400,
      `invalid think value: ${JSON.stringify(body.think)} (must be "high", "medium", "low", true, or false)`,
    );
  }
  checkKeepAlive(body.keep_alive);
  checkFormat(body.format);
  checkOptions(body.options ?? {});
  return { ...body, model: body.model };
}

const roles: ReadonlySet<string> = new Set(['system', 'user', 'assistant', 'tool']);

function isThinkValue(think: unknown): boolean {
  return (
    think === undefined ||
    think === null ||
    typeof think === 'boolean' ||
    ['high', 'medium', 'low'].includes(think as string)
  );
}

function checkKeepAlive(keepAlive: string | number | null | undefined): void {
  if (typeof keepAlive !== 'string') return;
  if (/^-?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$|^-?0$/.test(keepAlive)) return;
  throw new OllamaApiError(400, `time: invalid duration ${JSON.stringify(keepAlive)}`);
}

function checkFormat(format: unknown): void {
  if (format === undefined || format === null || format === '' || format === 'json') return;
  if (typeof format === 'object' && !Array.isArray(format)) return;
  throw new OllamaApiError(
    500,
    `invalid format: ${JSON.stringify(format)}; expected "json" or a valid JSON Schema object`,
  );
}

const integerOptions = ['num_ctx', 'num_predict', 'num_keep', 'num_batch', 'num_gpu', 'seed', 'top_k'];
const floatOptions = [
  'temperature',
  'top_p',
  'min_p',
  'repeat_penalty',
  'presence_penalty',
  'frequency_penalty',
];

function checkOptions(options: Readonly<Record<string, unknown>>): void {
  for (const name of integerOptions) {
    const value = options[name];
    if (value !== undefined && value !== null && !Number.isInteger(value)) {
      throw new OllamaApiError(500, `option "${name}" must be of type integer`);
    }
  }
  for (const name of floatOptions) {
    const value = options[name];
    if (value !== undefined && value !== null && typeof value !== 'number') {
      throw new OllamaApiError(500, `option "${name}" must be of type float32`);
    }
  }
  const stop = options['stop'];
  if (
    stop !== undefined &&
    stop !== null &&
    !(Array.isArray(stop) && stop.every((text) => typeof text === 'string'))
  ) {
    throw new OllamaApiError(500, 'option "stop" must be of type array');
  }
}

function goWording(issue: z.core.$ZodIssue | undefined, value: unknown): string {
  const path = issue?.path ?? [];
  const found = path.reduce<unknown>(
    (inner, key) => (inner === null || typeof inner !== 'object' ? undefined : Reflect.get(inner, key)),
    value,
  );
  const fields = path.filter((key) => typeof key === 'string').join('.');
  const wanted = issue?.code === 'invalid_type' ? (goTypes[issue.expected] ?? issue.expected) : 'value';
  const type = fields.endsWith('function.arguments') ? 'api.ToolCallFunctionArguments' : wanted;
  if (fields === '') return `json: cannot unmarshal ${goKind(value)} into Go value of type api.ChatRequest`;
  return `json: cannot unmarshal ${goKind(found)} into Go struct field ChatRequest.${fields} of type ${type}`;
}

const goTypes: Readonly<Record<string, string>> = {
  boolean: 'bool',
  array: '[]api.Message',
  object: 'api.Message',
  record: 'map[string]interface {}',
};

function goKind(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
