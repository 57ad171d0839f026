import type { Config } from '../../config/Config.ts';
import type { TaskResult } from '../../task-events.ts';
import { AppliedTasks } from '../../workspace/apply/AppliedTasks.ts';
import { recoveryLine } from '../../workspace/apply/recovery-line.ts';
import { GitWorkspace } from '../../workspace/git/GitWorkspace.ts';
import { WorkspaceStage } from '../../workspace/WorkspaceStage.ts';
import type { CliContext } from '../CliContext.ts';
import { writeNote } from '../output.ts';
import { type ApplyPorts, type ApplyReport, applyResult } from './apply-result.ts';
import type { WorkspacePlan } from './workspace-options.ts';
import { writeDiff } from './write-diff.ts';

/** The part of `teelamma run` that is about files: what is looked at before the task, and what becomes of its changes. */
export class WorkspaceRun {
  readonly stage: WorkspaceStage;
  private readonly plan: WorkspacePlan;
  private readonly context: CliContext;
  private readonly ports: ApplyPorts;

  private constructor(plan: WorkspacePlan, stage: WorkspaceStage, ports: ApplyPorts, context: CliContext) {
    this.plan = plan;
    this.stage = stage;
    this.ports = ports;
    this.context = context;
  }

  /**
   * Finishes what was interrupted in the workspace, and finds out what would stand in the way of a commit before anything is spent.
   * @throws TeelammaError
   */
  static async open(plan: WorkspacePlan, config: Config, context: CliContext): Promise<WorkspaceRun> {
    const stage = WorkspaceStage.open(plan.folder, { closedFolders: [config.paths.home] });
    const { folder } = stage;
    const tasks = new AppliedTasks(
      { folder, stateFolder: config.paths.stateFolder },
      { nowMs: context.nowMs },
    );
    for (const recovery of await tasks.recover()) {
      writeNote(context, context.errorStyle.yellow(recoveryLine(recovery)));
    }
    const git = plan.commits ? await GitWorkspace.open({ folder, branch: plan.branch }) : null;
    return new WorkspaceRun(plan, stage, { tasks, git }, context);
  }

  show(result: TaskResult): void {
    if (result.files.length === 0) return;
    this.context.stdout.write('\n');
    writeDiff(this.context, result.files);
  }

  apply(task: string, result: TaskResult): Promise<ApplyReport> {
    return applyResult(this.context, this.plan, task, result, this.stage, this.ports);
  }

  tell(report: ApplyReport, quiet: boolean): void {
    const { context, plan } = this;
    const { green, yellow } = context.errorStyle;
    if (!report.applied) {
      if (!quiet || !report.isExpected) writeNote(context, yellow(report.reason));
      return;
    }
    if (quiet) return;
    const undo = plan.folder === '.' ? 'teelamma undo' : `teelamma undo ${plan.folder}`;
    writeNote(context, green(`Applied. \`${undo}\` takes it back.`));
    if (!report.commit) return;
    const { hash, branch, ignoredFiles } = report.commit;
    writeNote(context, green(`Committed as ${hash} on ${branch}.`));
    if (ignoredFiles.length > 0)
      writeNote(context, yellow(`Not committed, since git ignores them: ${ignoredFiles.join(', ')}.`));
  }
}
