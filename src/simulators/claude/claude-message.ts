import type { TokenUsage } from '../../messages/token-usage.ts';
import { cutAtStop, limitAnswer } from '../limit-answer.ts';
import { type AnswerBlock, answerBlocks, type ScriptedAnswer } from '../scripted-answer.ts';
import type { MessagesBody } from './claude-request.ts';

/** An answer of Claude before it is written as a body or as a stream. */
export interface ClaudeMessage {
  readonly id: string;
  readonly model: string;
  readonly blocks: readonly AnswerBlock[];
  /** Tokens of each block, in their order. */
  readonly blockTokens: readonly number[];
  readonly stopReason: string;
  readonly stopSequence: string | null;
  readonly usage: TokenUsage;
  /** `thinking.display: omitted`: its tokens are charged, its text is not sent. */
  readonly hidesThinking: boolean;
}

/** Applies the request's limits to an answer: `stop_sequences`, then `max_tokens`. */
export function makeClaudeMessage(
  body: MessagesBody,
  answer: ScriptedAnswer,
  inputTokens: number,
  callIndex: number,
): ClaudeMessage {
  const content = (answerBlocks(answer) ?? []).map((block, index) =>
    block.type === 'tool_use' && block.id === undefined
      ? { ...block, id: toolId(body, callIndex, index) }
      : block,
  );
  const stopped = cutAtStop(content, body.stop_sequences ?? []);
  const limited = limitAnswer(stopped?.blocks ?? content, body.max_tokens);
  const reported = answer.usage === 'absent' ? undefined : answer.usage;
  return {
    id: `msg_sim_${String(callIndex).padStart(6, '0')}`,
    model: body.model,
    blocks: limited.blocks,
    blockTokens: limited.blockTokens,
    stopReason: limited.isCut
      ? 'max_tokens'
      : (answer.stopReason ?? reasonOf(limited.blocks, stopped !== null)),
    stopSequence: limited.isCut ? null : (stopped?.stop ?? null),
    usage: {
      inputTokens: reported?.inputTokens ?? inputTokens,
      cacheCreationInputTokens: reported?.cacheCreationInputTokens ?? 0,
      cacheReadInputTokens: reported?.cacheReadInputTokens ?? 0,
      // An answer without content costs a token too: the one that ends it.
      outputTokens: reported?.outputTokens ?? Math.max(1, limited.outputTokens),
    },
    hidesThinking: body.thinking?.['display'] === 'omitted',
  };
}

function reasonOf(blocks: readonly AnswerBlock[], isStopped: boolean): string {
  if (isStopped) return 'stop_sequence';
  return blocks.some((block) => block.type === 'tool_use') ? 'tool_use' : 'end_turn';
}

/** Differs from message to message of one conversation, also where it goes on at another simulator. */
function toolId(body: MessagesBody, callIndex: number, blockIndex: number): string {
  return `toolu_sim_${body.messages.length}_${callIndex}_${blockIndex}`;
}
