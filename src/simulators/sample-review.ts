import type { AnswerRequest } from './built-in-answer.ts';

/** Whether a schema asks for a review: an outcome, and issues that name file and line. */
export function isReviewSchema(schema: unknown): boolean {
  const keys = keysOf(schema, 'properties');
  const issue = keysOf(keysOf(keysOf(keysOf(schema, 'properties'), 'issues'), 'items'), 'properties');
  return 'outcome' in keys && 'file' in issue && 'line' in issue;
}

/** A review: all is well, or with the marker `doubt` an issue at the first line that the prompt shows as added, else at line 1 of the answer. */
export function sampleReview({ model, prompt, markers }: AnswerRequest): unknown {
  const mark = `[simulated ${model}]`;
  if (markers.style !== 'doubt') return { outcome: 'good', summary: `${mark} Nothing to say.`, issues: [] };
  const [, file = '', line = '1'] =
    /^## (\S+) \((?:added|modified)\)\n(?:(?!## ).*\n)*? *(\d+) \+ /m.exec(prompt) ?? [];
  const issue = { message: `${mark} This is not what was asked for.`, file, line: Number(line) };
  return { outcome: 'flawed', summary: `${mark} One doubt.`, issues: [issue] };
}

function keysOf(value: unknown, key: string): Record<string, unknown> {
  const inner =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  return typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
}
