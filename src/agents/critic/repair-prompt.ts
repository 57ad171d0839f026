import type { Issue } from '../verdict.ts';

/**
 * The user message that feeds the critic's issues back to the specialist that wrote the answer; it follows the task and the
 * answer in the conversation. It lists the errors, and the warnings of the same kinds, with their lines and code blocks, and asks
 * for the whole answer again, because an answer that is pieced together from two halves cannot be checked.
 * `task` and `answerText` are quoted only as far as the model needs them to find its place: the task's first line, and the last
 * line of an answer that was cut off.
 */
export function repairPrompt(task: string, answerText: string, issues: readonly Issue[]): string {
  const errors = issues.filter((issue) => issue.severity === 'error');
  const listed = issues.filter((issue) => errors.some((error) => error.kind === issue.kind));
  const kinds = new Set(listed.map((issue) => issue.kind));
  const advice = [...kinds].flatMap((kind) => {
    const sentence = adviceOn(kind, answerText);
    return sentence === undefined ? [] : [sentence];
  });
  return [
    `Your answer to the task "${firstLine(task)}" was checked and cannot be used yet:`,
    '',
    ...listed.slice(0, mostListed).map((issue, index) => `${index + 1}. ${issue.message}`),
    ...(listed.length > mostListed ? [`${listed.length - mostListed} more of the same kinds.`] : []),
    '',
    '(Lines are counted in your whole answer, from 1; code blocks are numbered in order, from 1.)',
    '',
    ...advice,
    'Write the full corrected answer again, with every code block complete. Do not describe the changes and do not apologise.',
  ].join('\n');
}

/** A model that is shown more than this repairs none of it better, and each line costs tokens. */
const mostListed = 20;

function adviceOn(kind: Issue['kind'], answerText: string): string | undefined {
  switch (kind) {
    case 'cut-off':
      return (
        `Your answer ended with "${lastLine(answerText)}". Answer more briefly, so that it fits: leave out explanations before ` +
        'you leave out code, and close every code fence.'
      );
    case 'elided-code':
      return 'Write out all code that a placeholder stands for; do not use a placeholder or an ellipsis for code.';
    case 'syntax-error':
      return 'Correct the code so that it parses, and label each code block with the language that it is really written in.';
    case 'secret':
      return 'Replace each secret by an environment variable or by an obvious placeholder such as <API_KEY>.';
    case 'bad-path':
      return 'Name files by their path relative to the workspace, and change none outside of it.';
    case 'broken-import':
      return 'Import only from files that exist, and only names that they export.';
    case 'failed-check':
      return "Mend the code so that the project's checks pass; do not weaken a test or a check to get there.";
    case 'failed-example':
      return 'Correct the code so that each example gives the result that it states.';
    case 'doubt':
      return 'Look into each doubt of the reviewer, and correct what is really wrong.';
    case 'no-answer':
      return 'Answer the task.';
    case 'refusal':
      return 'If a part of the task cannot be done, do the rest and say in one sentence which part is missing.';
    case 'unfinished':
      return 'Do the rest of the task.';
    case 'not-checked':
      return undefined;
  }
}

function firstLine(text: string): string {
  return shorten(text.trim().split('\n')[0]?.trim() ?? '');
}

function lastLine(text: string): string {
  return shorten(text.trimEnd().split('\n').at(-1)?.trim() ?? '');
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
