import type { Issue } from '../verdict.ts';

/** A model that is shown more than this mends none of it better, and each line costs tokens. */
const mostListed = 20;

/** The user message by which the issues of work in a workspace are fed back, to the one who did it or to the other specialist. */
export function workspaceRepairPrompt(issues: readonly Issue[]): string {
  const errors = issues.filter(({ severity }) => severity === 'error');
  return [
    'The work was checked and cannot be applied yet:',
    '',
    ...errors.slice(0, mostListed).map((issue, index) => `${index + 1}. ${placeOf(issue)}${issue.message}`),
    ...(errors.length > mostListed ? [`${errors.length - mostListed} more.`] : []),
    '',
    'Correct this in the files with the tools; what is staged already is kept. Do not weaken a test or a check to get there. Then say in a few ' +
      'sentences what the whole change is now.',
  ].join('\n');
}

/** File and line, where the message does not begin with the file itself. */
function placeOf({ file, line, message }: Issue): string {
  if (file === undefined || message.includes(file)) return '';
  return line === undefined ? `${file}: ` : `${file}:${line}: `;
}
