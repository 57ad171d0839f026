import type { Issue } from '../verdict.ts';
import { blockPlace } from './code-blocks.ts';
import { type Elision, findElisions } from './elisions.ts';
import type { ReviewedAnswer } from './reviewed-answer.ts';

/**
 * Finds code that the answer leaves out (see `findElisions`). It is an error where the code cannot be used as it stands: the
 * placeholder says in words that code is missing, or it is an ellipsis that does not parse. It is only a warning where
 * - it is a comment with nothing but an ellipsis ("// ..."), which examples of use are full of;
 * - the task asks for an excerpt or an explanation (snippet, diff, skeleton, "how do I", "explain"), where leaving out is right;
 * - the placeholder stands in the task's own text, so the answer may only repeat it.
 */
export function findElidedCode(answer: ReviewedAnswer): readonly Issue[] {
  const mayLeaveOut = asksForExcerpt(answer.task);
  return answer.blocks.flatMap((block) =>
    findElisions(block).map((elision): Issue => {
      const line = block.line + elision.line;
      const isError = isUnusable(elision) && !mayLeaveOut && !answer.task.includes(elision.text);
      return {
        kind: 'elided-code',
        severity: isError ? 'error' : 'warning',
        message: `${block.file ?? `Code block ${block.number}`} leaves code out at line ${line}: "${elision.text}".`,
        line,
        ...blockPlace(block),
      };
    }),
  );
}

function isUnusable(elision: Elision): boolean {
  return elision.form === 'worded' || !elision.isComment;
}

/** Whether a task asks for a part, an outline or an explanation rather than for the whole of something. */
export function asksForExcerpt(task: string): boolean {
  return excerptWords.test(task) || questionOpening.test(task);
}

const excerptWords =
  /\b(?:snippets?|diff|patch|excerpt|outline|sketch|skeleton|pseudo-?code|template|boilerplate|scaffold(?:ing)?|stubs?|placeholders?)\b|\b(?:only|just) (?:show|give|the (?:changed|relevant|new)|what changed)\b/i;

const questionOpening =
  /^\W*(?:please )?(?:explain|describe|compare|summari[sz]e|what|why|when|which|where|who|how|is|are|does|do|should|review)\b/i;
