import type { Recovery } from './AppliedTasks.ts';

/** What became of a change that was interrupted, as one line for the user. */
export function recoveryLine({ folder, task, wasUndo, outcome, leftAlone }: Recovery): string {
  const first = (task.trim().split('\n')[0] ?? '').slice(0, 60);
  const what = `${wasUndo ? 'The undo of' : 'The change by'} "${first}" in ${folder} had been interrupted`;
  if (outcome === 'folder-away') return `${what}; it is finished as soon as the folder is there again.`;
  if (outcome === 'finished') return `${what}; it is finished now.`;
  const but = leftAlone.length === 0 ? '' : `, but for what was changed since: ${leftAlone.join(', ')}`;
  return `${what}; everything is as it was before${but}.`;
}
