import { homedir } from 'node:os';
import type { CheckReport } from '../../src/workspace/checks/CheckReport.ts';
import { ProjectChecks } from '../../src/workspace/checks/ProjectChecks.ts';

/** Whose tools the checks of tests run with. */
export const thisUser = { path: process.env['PATH'] ?? '', home: process.env['HOME'] ?? homedir() };

/** One for all tests, so that the sandbox is looked for once. */
const usual = new ProjectChecks(thisUser);

/** Text by path; null deletes a file. */
export type Changes = Readonly<Record<string, string | null>>;

/** What the checks of a folder's project, and the examples of `task` and of the changed files, say of changes. */
export function checkChanges(
  workspaceFolder: string,
  changes: Changes,
  { task = 'Change it.', by = usual }: { readonly task?: string; readonly by?: ProjectChecks } = {},
): Promise<CheckReport> {
  return by.run({
    task,
    workspaceFolder,
    changes: Object.entries(changes).map(([path, text]) => ({
      path,
      content: text === null ? null : Buffer.from(text),
    })),
  });
}
