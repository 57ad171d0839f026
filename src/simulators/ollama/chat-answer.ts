import type { TokenUsage } from '../../messages/token-usage.ts';
import { cutAtStop, limitAnswer } from '../limit-answer.ts';
import { type AnswerBlock, answerBlocks, type ScriptedAnswer } from '../scripted-answer.ts';
import { callAsText } from '../tool-faults.ts';
import type { ChatBody } from './chat-request.ts';

/** An answer of Ollama before it is written as a body or as lines. */
export interface ChatAnswer {
  readonly model: string;
  readonly createdAt: string;
  readonly blocks: readonly AnswerBlock[];
  /** Tokens of each block, in their order. */
  readonly blockTokens: readonly number[];
  readonly doneReason: string;
  readonly usage: TokenUsage;
  /** The counts are left out of the last line, as some servers do. */
  readonly hidesUsage: boolean;
  readonly loadNs: number;
}

/** Applies the request's limits to an answer: `stop`, `num_predict`, and the context where it may not shift. */
export function makeChatAnswer(
  body: ChatBody,
  answer: ScriptedAnswer,
  promptTokens: number,
  contextTokens: number,
  callIndex: number,
  isLoad: boolean,
): ChatAnswer {
  const content = (answerBlocks(answer) ?? []).map((block, index) => parsedCall(block, callIndex, index));
  const stops = (body.options?.['stop'] ?? []) as readonly string[];
  const stopped = cutAtStop(content, stops);
  const limited = limitAnswer(stopped?.blocks ?? content, outputLimit(body, promptTokens, contextTokens));
  // The server parses a call when it is complete; of one that is cut, the model's text is what remains.
  const blocks = limited.blocks.map((block) => parsedCall(block, callIndex, 0));
  const reported = answer.usage === 'absent' ? undefined : answer.usage;
  return {
    model: body.model,
    createdAt: new Date(Date.UTC(2026, 0, 1) + callIndex * 1000).toISOString(),
    blocks,
    blockTokens: limited.blockTokens,
    doneReason: limited.isCut ? 'length' : doneReasonOf(answer.stopReason),
    usage: {
      inputTokens: reported?.inputTokens ?? promptTokens,
      cacheCreationInputTokens: 0,
      cacheReadInputTokens: 0,
      outputTokens: reported?.outputTokens ?? Math.max(1, limited.outputTokens),
    },
    hidesUsage: answer.usage === 'absent',
    loadNs: isLoad ? 1_000_000_000 : 1_000_000,
  };
}

/** Ollama knows no refusal and no tool use: both are `stop`. */
function doneReasonOf(stopReason: string | undefined): string {
  if (stopReason === 'max_tokens') return 'length';
  return stopReason === 'length' || stopReason === 'load' ? stopReason : 'stop';
}

function outputLimit(body: ChatBody, promptTokens: number, contextTokens: number): number {
  const predict = body.options?.['num_predict'];
  const asked = typeof predict === 'number' && predict >= 0 ? predict : Number.MAX_SAFE_INTEGER;
  const fills = body.shift === false || predict === -2;
  return fills ? Math.min(asked, Math.max(0, contextTokens - promptTokens)) : asked;
}

function parsedCall(block: AnswerBlock, callIndex: number, index: number): AnswerBlock {
  if (block.type !== 'tool_use') return block;
  if (block.inputText === undefined) return { ...block, id: block.id ?? `call_sim${callIndex}x${index}` };
  const { inputText, ...rest } = block;
  try {
    return { ...rest, input: JSON.parse(inputText) as Record<string, unknown> };
  } catch {
    return { type: 'text', text: callAsText(block, 'json') };
  }
}
