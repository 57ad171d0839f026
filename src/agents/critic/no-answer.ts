import type { Issue } from '../verdict.ts';
import type { ReviewedAnswer } from './reviewed-answer.ts';

/**
 * Finds an answer that says nothing: no text, or only empty code blocks. It is rejected rather than repaired, because there is no
 * text that a repair could start from. Known mistake: a task that is rightly answered with nothing ("print an empty string").
 */
export function findNoAnswer(answer: ReviewedAnswer): readonly Issue[] {
  const spoken = answer.text.replace(/^[\s>]*(?:`{3,}|~{3,}).*$/gm, '').trim();
  if (spoken !== '') return [];
  return [{ kind: 'no-answer', severity: 'error', message: reason(answer) }];
}

function reason(answer: ReviewedAnswer): string {
  if (answer.blocks.length > 0) return 'The answer holds only an empty code block.';
  if (answer.asksForTools) return 'The answer only asks for tools and says nothing.';
  if (answer.stopReason === 'max_tokens')
    return 'The answer was cut off by max_tokens before it said anything.';
  return 'The answer is empty.';
}
