import type { Issue } from '../verdict.ts';
import type { ReviewedAnswer } from './reviewed-answer.ts';

/**
 * Finds an answer that stops in the middle: by its `stop_reason` (`max_tokens`, `model_context_window_exceeded`), or by a code
 * fence that is still open at its end. An open fence is only a warning where the fences are muddled rather than cut: nothing
 * stands behind the last one, an earlier one ended with its list item or quote, or a Markdown example holds fences as long as its own.
 * Known mistakes: a model that merely forgot its last fence is asked to repair; an answer that a smaller model ended between two
 * sentences, with `end_turn`, is missed.
 */
export function findCutOff(answer: ReviewedAnswer): readonly Issue[] {
  const issues: Issue[] = [];
  const limit = limits.get(answer.stopReason ?? '');
  if (limit !== undefined) {
    const line = answer.text.split(/\r\n|\n|\r/).length;
    issues.push({
      kind: 'cut-off',
      severity: 'error',
      message: `The answer was cut off by ${limit}, at line ${line}.`,
      line,
    });
  }
  const last = answer.blocks.at(-1);
  if (last?.endedBy === 'end-of-text') {
    const isMuddled = last.code.trim() === '' || answer.blocks.some((block) => isMuddledFence(block));
    issues.push({
      kind: 'cut-off',
      severity: isMuddled ? 'warning' : 'error',
      message: `Code block ${last.number} begins at line ${last.line} and its fence is never closed.`,
      line: last.line,
      block: last.number,
      ...(last.language === '' ? {} : { language: last.language }),
    });
  }
  return issues;
}

const limits: ReadonlyMap<string, string> = new Map([
  ['max_tokens', 'its output limit (max_tokens)'],
  ['model_context_window_exceeded', "the model's context window"],
]);

function isMuddledFence(block: ReviewedAnswer['blocks'][number]): boolean {
  if (block.endedBy === 'end-of-container') return true;
  return /^(?:md|mdx|markdown)$/.test(block.language) && /^\s*(?:`{3,}|~{3,})\s*\w/m.test(block.code);
}
