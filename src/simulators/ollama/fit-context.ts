import { countTextTokens, countValueTokens } from '../count-tokens.ts';
import type { ChatBody, ChatMessage } from './chat-request.ts';
import { OllamaApiError } from './OllamaApiError.ts';

/** A prompt that is within the context. */
export interface FittedPrompt {
  /** The messages that the model sees. */
  readonly messages: readonly ChatMessage[];
  readonly promptTokens: number;
  /** Older messages or the front of the last one were dropped, silently. */
  readonly isTruncated: boolean;
}

const messageFraming = 4;
const tokensPerImage = 768;
/** Tokens of the prompt's front that survive a shift. Default of the option `num_keep`. */
const defaultKeep = 4;

/** Prompt tokens of a request, as `prompt_eval_count` reports them where nothing was dropped. */
function countPromptTokens(body: ChatBody, messages: readonly ChatMessage[]): number {
  let tokens = body.tools ? countValueTokens(body.tools) : 0;
  for (const message of messages) {
    tokens +=
      messageFraming + countTextTokens(message.content ?? '') + countTextTokens(message.thinking ?? '');
    if (message.tool_calls) tokens += countValueTokens(message.tool_calls);
    for (const image of message.images ?? []) tokens += Math.min(tokensPerImage, countTextTokens(image));
  }
  return tokens;
}

/**
 * Makes a prompt fit the context as the real server does (`chatPrompt` in server/prompt.go, and the runner behind it): by default the
 * oldest messages are dropped, system messages and the last one stay, a tool result stays with its call, and where that does not
 * suffice the front of the text goes, down to about half of the context. With `truncate: false` or `shift: false` a prompt that is
 * too long is refused.
 * @throws OllamaApiError 400
 */
export function fitContext(body: ChatBody, contextTokens: number): FittedPrompt {
  const all = body.messages ?? [];
  const wholeTokens = countPromptTokens(body, all);
  if (wholeTokens <= contextTokens) return { messages: all, promptTokens: wholeTokens, isTruncated: false };
  if (body.truncate === false) throw tooLong(wholeTokens, contextTokens);

  for (let first = 1; first < all.length; first += 1) {
    const start = startOfToolBlock(all, first);
    const kept = [...all.slice(0, start).filter((message) => message.role === 'system'), ...all.slice(start)];
    const tokens = countPromptTokens(body, kept);
    if (tokens <= contextTokens) return { messages: kept, promptTokens: tokens, isTruncated: true };
  }
  if (body.shift === false) {
    throw new OllamaApiError(
      400,
      'the prompt is longer than the context length currently available to the model; ' +
        'shorten the prompt or increase the context length',
    );
  }
  const keep = typeof body.options?.['num_keep'] === 'number' ? body.options['num_keep'] : defaultKeep;
  const promptTokens = contextTokens - Math.floor((contextTokens - keep) / 2);
  return { messages: all.slice(-1), promptTokens, isTruncated: true };
}

/** The server hands on what llama-server says, as text within its own error. */
function tooLong(promptTokens: number, contextTokens: number): OllamaApiError {
  return new OllamaApiError(
    400,
    JSON.stringify({
      error: {
        code: 400,
        message: `request (${promptTokens} tokens) exceeds the available context size (${contextTokens} tokens), try increasing it`,
        type: 'exceed_context_size_error',
        n_prompt_tokens: promptTokens,
        n_ctx: contextTokens,
      },
    }),
  );
}

function startOfToolBlock(messages: readonly ChatMessage[], at: number): number {
  if (messages[at]?.role !== 'tool') return at;
  let start = at;
  while (start > 0 && messages[start - 1]?.role === 'tool') start -= 1;
  const caller = messages[start - 1];
  return caller?.role === 'assistant' && (caller.tool_calls?.length ?? 0) > 0 ? start - 1 : at;
}
