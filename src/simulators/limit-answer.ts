import { bytesPerToken, countTextTokens } from './count-tokens.ts';
import type { AnswerBlock } from './scripted-answer.ts';

/** An answer as far as it is generated. */
export interface LimitedAnswer {
  readonly blocks: readonly AnswerBlock[];
  /** Tokens of each block, in their order. */
  readonly blockTokens: readonly number[];
  readonly outputTokens: number;
  /** The limit was reached, so the last block is cut off. */
  readonly isCut: boolean;
}

/** The text that a block generates, which is what its tokens are counted from. */
export function blockText(block: AnswerBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'thinking':
      return block.thinking;
    case 'tool_use':
      return block.inputText ?? JSON.stringify(block.input);
  }
}

/** Cuts an answer where it passes `maxTokens`, between characters. A tool call that is cut keeps its incomplete JSON as `inputText`. */
export function limitAnswer(blocks: readonly AnswerBlock[], maxTokens: number): LimitedAnswer {
  const kept: AnswerBlock[] = [];
  const blockTokens: number[] = [];
  let left = maxTokens;
  for (const block of blocks) {
    const nameTokens = block.type === 'tool_use' ? countTextTokens(block.name) : 0;
    const text = blockText(block);
    const wanted = nameTokens + countTextTokens(text);
    if (wanted <= left) {
      kept.push(block);
      blockTokens.push(wanted);
      left -= wanted;
      continue;
    }
    if (left > nameTokens) {
      kept.push(withText(block, firstBytes(text, (left - nameTokens) * bytesPerToken)));
      blockTokens.push(left);
      left = 0;
    }
    return { blocks: kept, blockTokens, outputTokens: maxTokens, isCut: true };
  }
  return { blocks: kept, blockTokens, outputTokens: maxTokens - left, isCut: false };
}

/** Cuts an answer at the first of these texts, which is left out; null where none occurs. */
export function cutAtStop(
  blocks: readonly AnswerBlock[],
  stops: readonly string[],
): { readonly blocks: readonly AnswerBlock[]; readonly stop: string } | null {
  for (const [index, block] of blocks.entries()) {
    if (block.type !== 'text') continue;
    let first: { at: number; stop: string } | null = null;
    for (const stop of stops) {
      const at = stop === '' ? -1 : block.text.indexOf(stop);
      if (at >= 0 && (first === null || at < first.at)) first = { at, stop };
    }
    if (first === null) continue;
    return {
      blocks: [...blocks.slice(0, index), { type: 'text', text: block.text.slice(0, first.at) }],
      stop: first.stop,
    };
  }
  return null;
}

function withText(block: AnswerBlock, text: string): AnswerBlock {
  switch (block.type) {
    case 'text':
      return { ...block, text };
    case 'thinking':
      return { ...block, thinking: text };
    case 'tool_use':
      return { ...block, input: {}, inputText: text };
  }
}

/** The longest start of the text that is within so many bytes of UTF-8 and ends between characters. */
function firstBytes(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  let end = Math.min(bytes, encoded.length);
  // A byte 10xxxxxx continues a character.
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return encoded.toString('utf8', 0, end);
}
