import type { Issue } from '../../agents/verdict.ts';
import { imageAfter } from '../FileChange.ts';
import type { WorkspaceChecks } from '../WorkspaceChecks.ts';
import type { CheckReport, CheckRun } from './CheckReport.ts';
import { notChecked, type ProjectChecks } from './ProjectChecks.ts';

/** A project's checks as a task in a workspace wants them; `onReport` is told of what was run and what was not. */
export function createWorkspaceChecks(
  checks: ProjectChecks,
  onReport: (report: CheckReport) => void,
): WorkspaceChecks {
  return {
    run: async ({ task, workspaceFolder, changes, onRan }, signal) => {
      const files = changes.map((change) => ({
        path: change.path,
        content: imageAfter(change)?.content ?? null,
      }));
      const report = await checks.run({ task, workspaceFolder, changes: files }, signal);
      onReport(report);
      if (onRan) for (const run of report.ran) onRan(run);
      const notRun = checks.detect(workspaceFolder, files).skipped;
      return [
        ...notRun.map(({ name, why }) => notChecked(`${name} was not run: ${why}.`)),
        ...report.issues,
        ...report.ran.flatMap(sayingNothing),
      ];
    },
  };
}

/** A check that fails whatever the change is, or now and then, has not judged it, which whoever applies it is to know. */
function sayingNothing({ name, outcome, note }: CheckRun): readonly Issue[] {
  const isOfProject = !name.startsWith('examples of ');
  if (!isOfProject || (outcome !== 'failed-before' && outcome !== 'flaky')) return [];
  return [notChecked(`${name} does not judge the change: ${note ?? outcome}.`)];
}
