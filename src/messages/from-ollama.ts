import { accumulateMessage } from './accumulate-message.ts';
import { isRecord, type OpenRecord, recordsOf, textOf } from './open-record.ts';
import { possibleToolCallStart } from './possible-tool-call.ts';
import { findTextToolCalls, type OfferedToolName, toolInput } from './text-tool-calls.ts';
import type { Message, RawMessageStreamEvent } from './types.ts';

export interface FromOllamaOptions {
  readonly model: string;
  /** Tools of the request that the model was told of; calls written as text are recognised for these only. */
  readonly tools: readonly OfferedToolName[];
  /** Input tokens by estimate; reported until Ollama tells its own count, and where it never does. */
  readonly estimatedInputTokens: number;
}

export interface FromOllamaPorts {
  /** Characters `[a-zA-Z0-9]` that are new at each call; ids are made from them. */
  readonly newId: () => string;
}

/** Turns the chunks of one `/api/chat` answer into a Messages stream. */
export interface OllamaTranslation {
  /** Takes one chunk, as parsed from its NDJSON line; returns the events that it makes, in order. */
  push(chunk: unknown): readonly RawMessageStreamEvent[];
  /** Whether any chunk came. */
  hasContent(): boolean;
  /** Usage as far as it is known, partly by estimate. */
  usage(): { readonly input_tokens: number; readonly output_tokens: number };
  /** Closes the stream, once, after the chunk with `done: true`; without that one the answer is not whole. */
  end(): { readonly events: readonly RawMessageStreamEvent[]; readonly message: Message };
}

/**
 * Thinking becomes a thinking block without a signature, which must never be sent to Claude. Text that may turn out to be a tool call
 * is held back until the answer is whole. Ids match `[a-zA-Z0-9_-]+` and tool inputs are objects, because a client replays them
 * to Claude. Counts that Ollama leaves out are estimated, at three bytes a token.
 */
export function fromOllama(options: FromOllamaOptions, ports: FromOllamaPorts): OllamaTranslation {
  const accumulator = accumulateMessage();
  let queue: RawMessageStreamEvent[] = [];
  let index = -1;
  let openType: 'text' | 'thinking' | undefined;
  let heldText = '';
  /** Whether only white space was shown on the current line. */
  let startsLine = true;
  let outputBytes = 0;
  let toolCalls = 0;
  let last: OpenRecord | undefined;

  const emit = (event: OpenRecord): void => {
    const typed = event as unknown as RawMessageStreamEvent;
    accumulator.push(typed);
    queue.push(typed);
  };
  const drain = (): readonly RawMessageStreamEvent[] => {
    const events = queue;
    queue = [];
    return events;
  };
  const start = (): void => {
    if (!accumulator.hasStarted()) emit({ type: 'message_start', message: newMessage(options, ports) });
  };
  const closeBlock = (): void => {
    if (openType !== undefined) emit({ type: 'content_block_stop', index });
    openType = undefined;
  };
  const openBlock = (type: 'text' | 'thinking'): void => {
    if (openType === type) return;
    closeBlock();
    openType = type;
    const block =
      type === 'text' ? { type, text: '', citations: null } : { type, thinking: '', signature: '' };
    emit({ type: 'content_block_start', index: ++index, content_block: block });
  };
  const emitText = (text: string): void => {
    if (text === '') return;
    const lineEnd = text.lastIndexOf('\n');
    startsLine = (lineEnd !== -1 || startsLine) && text.slice(lineEnd + 1).trim() === '';
    openBlock('text');
    emit({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } });
  };
  const emitToolUse = (name: string, input: OpenRecord): void => {
    closeBlock();
    toolCalls++;
    const id = `toolu_${ports.newId()}`;
    emit({
      type: 'content_block_start',
      index: ++index,
      content_block: { type: 'tool_use', id, name: safeName(name), input: {}, caller: { type: 'direct' } },
    });
    const json = JSON.stringify(input);
    emit({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json: json } });
    emit({ type: 'content_block_stop', index });
  };
  const takeText = (text: string): void => {
    heldText += text;
    if (options.tools.length > 0 && heldText.length > text.length + SURELY_HELD) return;
    const start = options.tools.length > 0 ? possibleToolCallStart(heldText, startsLine) : -1;
    const shown = start === -1 ? heldText.length : start;
    emitText(heldText.slice(0, shown));
    heldText = heldText.slice(shown);
  };
  const flushText = (isWhole: boolean): void => {
    const found = isWhole ? findTextToolCalls(heldText, options.tools, startsLine) : undefined;
    const calls = found?.calls ?? [];
    emitText(found !== undefined && calls.length > 0 ? found.text : heldText);
    heldText = '';
    for (const call of calls) emitToolUse(call.name, call.input);
  };

  const usage = () => ({
    input_tokens: tokenCount(last?.['prompt_eval_count']) ?? options.estimatedInputTokens,
    output_tokens: tokenCount(last?.['eval_count']) ?? Math.ceil(outputBytes / 3),
  });

  return {
    push(chunk) {
      if (!isRecord(chunk)) return [];
      start();
      const message = isRecord(chunk['message']) ? chunk['message'] : {};
      const thinking = textOf(message['thinking']);
      const text = textOf(message['content']);
      outputBytes += Buffer.byteLength(thinking) + Buffer.byteLength(text);
      if (thinking !== '') {
        openBlock('thinking');
        emit({ type: 'content_block_delta', index, delta: { type: 'thinking_delta', thinking } });
      }
      if (text !== '') takeText(text);
      for (const call of recordsOf(message['tool_calls'])) {
        const called = isRecord(call['function']) ? call['function'] : {};
        outputBytes += Buffer.byteLength(JSON.stringify(called));
        flushText(false);
        const given = called['arguments'];
        emitToolUse(textOf(called['name']), toolInput(given) ?? { invalid_arguments: given });
      }
      if (chunk['done'] === true) last = chunk;
      return drain();
    },
    hasContent: () => accumulator.hasStarted(),
    usage,
    end() {
      start();
      const wasCut = last?.['done_reason'] === 'length';
      flushText(!wasCut && toolCalls === 0);
      closeBlock();
      const stopReason = wasCut ? 'max_tokens' : toolCalls > 0 ? 'tool_use' : 'end_turn';
      emit({
        type: 'message_delta',
        delta: { stop_reason: stopReason, stop_sequence: null, stop_details: null, container: null },
        usage: {
          ...usage(),
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 0,
          output_tokens_details: null,
          server_tool_use: null,
        },
      });
      emit({ type: 'message_stop' });
      const message = accumulator.message();
      if (message === undefined) throw new Error('A translated answer has no message_start; this is a bug.');
      return { events: drain(), message };
    },
  };
}

/** Characters after which held text is not looked at again: it stays held to the end. */
const SURELY_HELD = 64;

function newMessage(options: FromOllamaOptions, ports: FromOllamaPorts): OpenRecord {
  return {
    id: `msg_${ports.newId()}`,
    type: 'message',
    role: 'assistant',
    model: options.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: {
      input_tokens: options.estimatedInputTokens,
      output_tokens: 0,
      cache_creation: null,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      inference_geo: null,
      output_tokens_details: null,
      server_tool_use: null,
      service_tier: null,
      speed: null,
    },
  };
}

function tokenCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.ceil(value) : undefined;
}

/** Claude refuses a conversation that holds a tool name outside this alphabet. */
function safeName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 128) || 'unknown';
}
