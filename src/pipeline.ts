import type { Critic } from './agents/Critic.ts';
import type { Reviewer } from './agents/critic/reviewers.ts';
import type { Admission, MetaCoordinator } from './agents/MetaCoordinator.ts';
import { type AgentName, otherAgent } from './agents/Specialist.ts';
import type { Strategy } from './agents/strategy.ts';
import { asAborted, isLedgerTrouble, TeelammaError } from './errors.ts';
import type { DecisionLog } from './logging/LogEntry.ts';
import { checkTask } from './pipeline/check-task.ts';
import type { DebtStore } from './pipeline/debt/DebtStore.ts';
import { TaskJournal } from './pipeline/TaskJournal.ts';
import { type JudgedAnswer, TaskRun } from './pipeline/TaskRun.ts';
import { taskAnswered, taskFailed, taskStarted } from './pipeline/task-work-events.ts';
import type { ReviewerSetting } from './pipeline/WorkReviewer.ts';
import type { WorkspaceTask } from './pipeline/WorkspaceTask.ts';
import type { Ledger, LedgerEvent } from './state/Ledger.ts';
import type { TaskEvent, TaskResult } from './task-events.ts';
import type { Turn } from './turn.ts';
import type { WorkObserver } from './work-events.ts';
import type { WorkspaceChecks } from './workspace/WorkspaceChecks.ts';
import type { WorkspaceStage } from './workspace/WorkspaceStage.ts';

export interface PipelineOptions {
  /** Most output tokens of one turn, before the budget lowers it. */
  readonly maxTokens: number;
  /** Rounds in which a specialist mends its own answer. */
  readonly repairRounds: number;
  /** The model that looks at what every check approves. Default none. */
  readonly reviewer?: ReviewerSetting;
  /** Whether the ledger may keep a task's first line. Default false: length and hash. */
  readonly keepsTitles?: boolean;
  readonly workspace: WorkspaceOptions;
}

/** What a task in a workspace may take, and touch. */
export interface WorkspaceOptions {
  /** Most model calls of one task. */
  readonly maxTurns: number;
  /** Most tokens of all its calls together, whoever pays for them. */
  readonly maxTokens: number;
  /** Time after which no further call is made. */
  readonly timeLimitMs: number;
  /** Absolute folders that no task may touch, such as the installation's own. */
  readonly closedFolders: readonly string[];
}

export interface PipelinePorts {
  readonly coordinator: MetaCoordinator;
  readonly turn: Turn;
  readonly critic: Critic;
  readonly ledger: Ledger;
  readonly log: DecisionLog;
  /** The checks of a workspace's project. Default: the critic's own alone. */
  readonly checks?: WorkspaceChecks;
  readonly nowMs: () => number;
  /** Keeps what Ollama does for want of budget. Default: nobody does. */
  readonly debts?: Pick<DebtStore, 'add'>;
  /** Told of tasks, reviews and checks; the turn tells of its calls. Default: nobody is. */
  readonly observe?: WorkObserver;
}

export interface ExecuteOptions {
  /** Stops the task at any point; what was sent by then stays charged. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TaskEvent) => void;
  /** Most output tokens of one turn; default the configured ones. */
  readonly maxTokens?: number;
  /** Who begins; default the configured one. */
  readonly strategy?: Strategy;
  /** The model that looks at what every check approves; default the configured one. */
  readonly reviewer?: Reviewer;
  /**
   * The folder that the task is to work in, or a stage over it. Specialists then get tools for its files; what they change is staged, and
   * given as `files` of the result. The folder itself is not touched: to apply the result, give a stage, and its changes to `AppliedTasks.apply`.
   */
  readonly workspace?: string | WorkspaceStage;
}

/**
 * Runs tasks, from the words to the judged answer.
 *
 * @example
 * ```ts
 * const result = await pipeline.executeTask('Write a debounce function in TypeScript');
 * console.log(result.output, result.agent, result.chargedTokens);
 * ```
 */
export class Pipeline {
  private readonly options: PipelineOptions;
  private readonly ports: PipelinePorts;

  constructor(options: PipelineOptions, ports: PipelinePorts) {
    this.options = options;
    this.ports = ports;
  }

  /**
   * Scores the task, asks the budget, lets a specialist answer, has the critic judge, repairs, and escalates to the other specialist.
   * An answer that was not approved in the end is still given; the result's `verdict` says so.
   * @throws InvalidTaskError, ForcedNotAllowedError, NoSpecialistAvailableError, AbortedError
   */
  async executeTask(task: string, forceAgent?: AgentName, options: ExecuteOptions = {}): Promise<TaskResult> {
    checkTask(task);
    const startedAtMs = this.ports.nowMs();
    const workspace = await this.openWorkspace(task, options);
    const { decision, reservation, laterTokens } = await this.admit(task, forceAgent, options);
    const reservationId = reservation?.id ?? null;
    const run = new TaskRun(
      task,
      { decision, reservationId, laterTokens },
      { ...this.options, ...options, workspace, reviewer: this.reviewer(options) },
      this.ports,
    );
    const journal = this.journal(task, run, decision);
    this.ports.observe?.(taskStarted(decision, startedAtMs));
    const times = () => ({ startedAtMs, endedAtMs: this.ports.nowMs() });
    const unsubscribe = this.ports.ledger.subscribe((event) => showThreshold(run, event));
    try {
      run.emit({ type: 'decision', decision });
      if (decision.warning) run.warn(decision.warning);
      const first = await run.ask('answer', decision.targetAgent);
      const repaired = await this.repair(run, first);
      run.answerWith(await this.escalate(run, repaired));
      await journal.answered(run.result());
      this.ports.observe?.(taskAnswered(run.result(), times()));
    } catch (thrown) {
      const error = asAborted(thrown, options.signal);
      this.ports.observe?.(taskFailed(decision.taskId, error, run.progress(), times()));
      await journal.failed(error, run.progress());
      throw error;
    } finally {
      unsubscribe();
      if (reservation) await this.close(reservation.id, run);
    }
    await this.keepDebt(task, run);
    return run.result();
  }

  private reviewer({ reviewer: by }: ExecuteOptions): ReviewerSetting {
    const configured = this.options.reviewer ?? { by: 'off', timeLimitMs: 180_000 };
    return by === undefined ? configured : { ...configured, by };
  }

  private journal(task: string, run: TaskRun, decision: Admission['decision']): TaskJournal {
    const { ledger, log, nowMs } = this.ports;
    const onWarning = (message: string) => run.warn(message);
    const { keepsTitles: keepsTitle = false } = this.options;
    return new TaskJournal(task, decision, { keepsTitle }, { ledger, log, nowMs, onWarning });
  }

  /** What Claude should have done goes where it can be reviewed later. */
  private async keepDebt(task: string, run: TaskRun): Promise<void> {
    const reason = run.owedBecause();
    if (reason === null || !this.ports.debts) return;
    try {
      const { debtOf } = await import('./pipeline/debt/debt-of.ts');
      if (!this.ports.debts.add(debtOf(task, run.result(), reason)))
        run.warn('The work is too large to be kept for a review (`teelamma debt`)');
    } catch (error) {
      if (!(error instanceof TeelammaError)) throw error;
      run.warn(`The work could not be kept for a review: ${error.message}`);
    }
  }

  private async admit(
    task: string,
    forceAgent: AgentName | undefined,
    { signal, onEvent, workspace, strategy }: ExecuteOptions,
  ): Promise<Admission> {
    const admission = await this.ports.coordinator.admit(task, {
      forceAgent,
      signal,
      inWorkspace: workspace !== undefined,
      strategy,
      onWait: () => onEvent?.({ type: 'waiting', reason: 'the token budget is held by other running tasks' }),
    });
    const { taskId, complexity, ...decision } = admission.decision;
    const { level, score, confidence } = complexity;
    this.ports.log.record({
      agent: 'meta-coordinator',
      action: 'route',
      taskId,
      input: { task, forceAgent },
      output: { ...decision, complexity: { level, score, confidence } },
    });
    return admission;
  }

  private async openWorkspace(
    task: string,
    { workspace, maxTokens }: ExecuteOptions,
  ): Promise<WorkspaceTask | null> {
    if (workspace === undefined) return null;
    // Loaded only here: the tools bring a regular expression engine and schemas along.
    const { WorkspaceTask } = await import('./pipeline/WorkspaceTask.ts');
    const options = { ...this.options.workspace, maxOutputTokens: maxTokens ?? this.options.maxTokens };
    return WorkspaceTask.open(task, workspace, options, this.ports);
  }

  private async repair(run: TaskRun, first: JudgedAnswer): Promise<JudgedAnswer> {
    let answer = first;
    for (let round = 0; round < this.options.repairRounds; round += 1) {
      if (answer.verdict.outcome !== 'needs-repair' || !run.mayGoOn()) break;
      answer = await run.improve('repair', answer.turn.agent, answer);
    }
    return answer;
  }

  /** The other specialist, with fresh eyes, where the user's wish and the budget let it. */
  private async escalate(run: TaskRun, answer: JudgedAnswer): Promise<JudgedAnswer> {
    if (answer.verdict.outcome === 'approved' || !run.mayGoOn()) return answer;
    const other = otherAgent(answer.turn.agent);
    return run.mayUse(other) ? run.improve('escalation', other, answer) : answer;
  }

  /** What could not be freed stays held, which errs on the safe side; the answer is worth more than the failure to free it. */
  private async close(reservationId: string, run: TaskRun): Promise<void> {
    try {
      await this.ports.ledger.close(reservationId, { isWholeTask: run.isWholeOnClaude() });
    } catch (error) {
      if (!isLedgerTrouble(error)) throw error;
      run.warn(
        `Tokens that this task did not use stay held until the ledger can be written again: ${error.message}`,
      );
    }
  }
}

function showThreshold(run: TaskRun, event: LedgerEvent): void {
  if (event.type === 'threshold') run.emit(event);
}
