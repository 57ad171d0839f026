import type { MessagesRequest } from '../../messages/types.ts';
import { reviewSchema } from './review-form.ts';

/** Work as a reviewing model is shown it; what is empty is left out. */
export interface ReviewedWork {
  readonly task: string;
  readonly answer: string;
  /** Diffs, in a form that the model is to read them in. */
  readonly changes: string;
  /** Sentences of what checks found. */
  readonly findings: readonly string[];
}

/** What a model's review may take, in tokens. */
export const mostReviewTokens = 1_500;

const system =
  'You review work that another model did. Judge it against the task alone: what is wrong, missing or dangerous, not what is a matter of ' +
  'taste. Name the file and line of each issue where you can (else an empty file, line 0). `good`: it can be used as it is. Do not do the task again.';

/** Asks a model to review work, in the form of `reviewSchema`; `model` is the specialist's own. */
export function reviewRequest({ task, answer, changes, findings }: ReviewedWork): MessagesRequest {
  const content = [
    `# Task\n\n${task}`,
    ...(answer === '' ? [] : [`# Answer\n\n${answer}`]),
    ...(changes === '' ? [] : [`# Changes\n\n${changes}`]),
    ...(findings.length === 0
      ? []
      : [`# What checks found\n\n${findings.map((each) => `- ${each}`).join('\n')}`]),
  ].join('\n\n');
  return {
    model: '',
    max_tokens: mostReviewTokens,
    system,
    messages: [{ role: 'user', content }],
    output_config: { format: { type: 'json_schema', schema: { ...reviewSchema } } },
  };
}
