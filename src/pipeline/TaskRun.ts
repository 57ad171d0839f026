import { answerText } from '../agents/critic/answer-text.ts';
import type { ReviewPlaces } from '../agents/critic/find-doubts.ts';
import { repairPrompt } from '../agents/critic/repair-prompt.ts';
import { workspaceRepairPrompt } from '../agents/critic/workspace-repair-prompt.ts';
import { isForWantOfBudget, type RoutingDecision } from '../agents/routing-decision.ts';
import { type AgentName, otherAgent } from '../agents/Specialist.ts';
import type { Verdict } from '../agents/verdict.ts';
import { messageOf } from '../errors.ts';
import type { MessageParam, MessagesRequest, RawMessageStreamEvent } from '../messages/types.ts';
import type { ExecuteOptions, PipelinePorts } from '../pipeline.ts';
import type {
  Handover,
  ReviewedAnswer,
  TaskEvent,
  TaskPurpose,
  TaskResult,
  TurnPurpose,
  TurnSummary,
} from '../task-events.ts';
import { NoSpecialistAvailableError } from '../turn/NoSpecialistAvailableError.ts';
import type { TurnResult } from '../turn/turn-types.ts';
import type { CheckRun } from '../workspace/checks/CheckReport.ts';
import { addIssues } from './judge-work.ts';
import { taskRequest } from './task-request.ts';
import type { UsedTool } from './tool-calls.ts';
import { type ReviewerSetting, WorkReviewer } from './WorkReviewer.ts';
import type { Work, WorkState, WorkspaceTask } from './WorkspaceTask.ts';

/** An answer with what the critic says of it. */
export interface JudgedAnswer {
  readonly turn: TurnResult;
  readonly text: string;
  readonly verdict: Verdict;
  /** The files and the conversation that it stands for; null without a workspace. */
  readonly state: WorkState | null;
}

export interface TaskRunOptions extends Pick<ExecuteOptions, 'signal' | 'onEvent'> {
  readonly maxTokens: number;
  readonly repairRounds: number;
  readonly reviewer: ReviewerSetting;
  /** Where the task works on files; null where it only answers. */
  readonly workspace: WorkspaceTask | null;
}

/** What one task has gathered while it runs: turns, handovers, warnings; and the steps that it is made of. */
export class TaskRun {
  private readonly task: string;
  private readonly decision: RoutingDecision;
  private readonly reservationId: string | null;
  private readonly laterTokens: number;
  private readonly options: TaskRunOptions;
  private readonly ports: PipelinePorts;
  private readonly signal: AbortSignal;
  private readonly workspace: WorkspaceTask | null;
  private readonly turns: TurnSummary[] = [];
  private readonly handovers: Handover[] = [];
  private readonly warnings: string[] = [];
  private readonly reviews: ReviewedAnswer[] = [];
  private readonly reviewer: WorkReviewer;
  private answer: JudgedAnswer | null = null;
  private repairs = 0;
  /** Charged for reviews that came to nothing. */
  private lostTokens = 0;
  /** Why Claude did not do a turn that it should have, where the budget was why. */
  private lackOfBudget: string | null;

  constructor(
    task: string,
    admission: {
      readonly decision: RoutingDecision;
      readonly reservationId: string | null;
      readonly laterTokens: number;
    },
    options: TaskRunOptions,
    ports: PipelinePorts,
  ) {
    this.task = task;
    this.decision = admission.decision;
    this.lackOfBudget = isForWantOfBudget(admission.decision) ? admission.decision.reason : null;
    this.reservationId = admission.reservationId;
    this.laterTokens = admission.laterTokens;
    this.options = options;
    this.ports = ports;
    this.signal = options.signal ?? new AbortController().signal;
    this.workspace = options.workspace;
    this.reviewer = new WorkReviewer(options.reviewer, this.decision, ports, {
      signal: this.signal,
      onStart: (model) => this.emit({ type: 'waiting', reason: `${model} reviews the work` }),
      onTurn: (turn) => this.addTurn('review', turn),
      onLoss: (tokens) => {
        this.lostTokens += tokens;
      },
    });
  }

  emit(event: TaskEvent): void {
    this.options.onEvent?.(event);
  }

  warn(message: string): void {
    this.warnings.push(message);
    this.emit({ type: 'warning', message });
  }

  /** Has `agent` answer, or the other specialist where it cannot; then the critic judges. With `previous`, its issues are fed back. */
  async ask(purpose: TaskPurpose, agent: AgentName, previous?: JudgedAnswer): Promise<JudgedAnswer> {
    if (purpose === 'repair') this.repairs += 1;
    if (this.workspace)
      return this.judgeWork(
        purpose,
        this.workspace,
        await this.work(this.workspace, purpose, agent, previous),
      );
    const request = taskRequest(this.conversation(previous), this.options.maxTokens);
    // The other specialist has failed already when a task is escalated; asking it once more would change nothing.
    return this.judge(purpose, await this.turn(purpose, agent, request, purpose !== 'escalation'));
  }

  /** As `ask`, but an answer that is there already is kept where nobody can better it. */
  async improve(purpose: TaskPurpose, agent: AgentName, previous: JudgedAnswer): Promise<JudgedAnswer> {
    try {
      const next = await this.ask(purpose, agent, previous);
      if (errorsOf(next) <= errorsOf(previous)) return next;
      return this.goBackTo(previous);
    } catch (error) {
      if (this.signal.aborted) throw error;
      if (error instanceof NoSpecialistAvailableError) this.noteLack(error.attempts[0]);
      const problem = messageOf(error);
      this.warn(`The answer could not be improved: ${problem}`);
      return this.goBackTo(previous);
    }
  }

  /** Whether the user's wish lets this specialist take part: forcing Ollama says that no Claude token is to be spent. */
  mayUse(agent: AgentName): boolean {
    return !this.decision.forced || agent === this.decision.targetAgent || agent === 'ollama-specialist';
  }

  /** Whether the limits of the workspace let a specialist go on. */
  mayGoOn(): boolean {
    return this.workspace === null || this.workspace.limit() === null;
  }

  /** Whether Claude did all of it, so that what was charged is what such a task needs. */
  isWholeOnClaude(): boolean {
    const own = this.turns.filter(({ purpose }) => purpose !== 'review');
    return own.length > 0 && own.every((turn) => turn.agent === 'claude-specialist');
  }

  /** Why Ollama's answer stands where Claude's was wanted, if the budget was why; null where that is not so. */
  owedBecause(): string | null {
    return this.answer?.turn.agent === 'ollama-specialist' ? this.lackOfBudget : null;
  }

  /** The answer that the task ends with. */
  answerWith(answer: JudgedAnswer): void {
    this.answer = answer;
  }

  /** What came of it, with the budgets as they are now. */
  result(): TaskResult {
    if (!this.answer) throw new Error(`Task ${this.decision.taskId} has no answer yet`);
    const { text, turn, verdict } = this.answer;
    return {
      taskId: this.decision.taskId,
      output: text,
      agent: turn.agent,
      model: turn.model,
      decision: this.decision,
      verdict,
      reviews: this.reviews,
      files: this.workspace?.files() ?? [],
      estimatedTokens: this.decision.estimatedTokens,
      ...this.progress(),
      costUsd: sumOf(this.turns.map(({ costUsd }) => costUsd)),
      warnings: this.warnings,
      budgets: this.ports.ledger.snapshot({ complexity: this.decision.complexity.level }),
    };
  }

  /** One model call under the budget. */
  private async turn(
    purpose: TaskPurpose,
    agent: AgentName,
    request: MessagesRequest,
    mayHandOver: boolean,
  ): Promise<TurnResult> {
    const turn = await this.ports.turn.run(
      {
        taskId: this.decision.taskId,
        kind: this.decision.kind,
        scope: { complexity: this.decision.complexity.level },
        request,
        agent,
        reservationId: this.reservationId,
        keepTokens: this.turns.length === 0 ? this.laterTokens : 0,
        forced: this.decision.forced && this.decision.targetAgent === 'claude-specialist',
        mayHandOver: mayHandOver && this.mayUse(otherAgent(agent)),
      },
      {
        signal: this.signal,
        onStart: ({ agent: by, model, heldTokens }) =>
          this.emit({ type: 'turn-started', purpose, agent: by, model, heldTokens }),
        onEvent: (from, event) => this.emitText(from, event),
        onWait: (reason) => this.emit({ type: 'waiting', reason }),
        onWarning: (message) => this.warn(message),
        onHandover: (handover) => {
          this.handovers.push(handover);
          this.noteLack(handover);
          this.emit({ type: 'handover', handover });
        },
      },
    );
    this.addTurn(purpose, turn);
    return turn;
  }

  /** Work on the staged files, turn by turn. The conversation goes on with the issues, unless there was nothing in it worth keeping. */
  private async work(
    workspace: WorkspaceTask,
    purpose: TaskPurpose,
    agent: AgentName,
    previous: JudgedAnswer | undefined,
  ): Promise<Work> {
    if (previous?.verdict.outcome === 'rejected') workspace.beginAnew();
    else if (previous) workspace.tell(workspaceRepairPrompt(previous.verdict.issues));
    let isBegun = false;
    const ask = async (by: AgentName, request: MessagesRequest) => {
      // What was begun can go to the other specialist at each turn, who finds the whole of it: no staged edit is lost with a budget.
      const turn = await this.turn(purpose, by, request, isBegun || purpose !== 'escalation');
      isBegun = true;
      return turn;
    };
    return workspace.work(agent, {
      ask,
      onTool: (by, used) => this.noteTool(by, used),
      onWarning: (message) => this.warn(message),
      signal: this.signal,
    });
  }

  private noteLack(failed: { readonly lacksBudget?: boolean; readonly reason: string } | undefined): void {
    if (failed?.lacksBudget) this.lackOfBudget ??= failed.reason;
  }

  private noteTool(agent: AgentName, used: UsedTool): void {
    this.emit({ type: 'tool', agent, ...used });
    const { name, subject, isError } = used;
    const { taskId } = this.decision;
    this.ports.log.record({
      agent,
      action: 'tool',
      taskId,
      input: { tool: name, subject },
      output: { isError },
    });
  }

  /** What was sent back for a reviewer's doubts alone passed every check: nobody could better it, so it stands, with the doubts as warnings. */
  private goBackTo(previous: JudgedAnswer): JudgedAnswer {
    if (previous.state !== null) this.workspace?.restore(previous.state);
    const { outcome, issues } = previous.verdict;
    if (outcome === 'rejected' || errorsOf(previous) > 0) return previous;
    const noted = issues.map((issue) => ({ ...issue, severity: 'warning' as const }));
    return { ...previous, verdict: { outcome: 'approved', issues: noted } };
  }

  /** What was done so far, also where no answer came of it. */
  progress(): Pick<TaskResult, 'chargedTokens' | 'turns' | 'handovers'> {
    const { turns, handovers } = this;
    const chargedTokens = [...turns, ...handovers].reduce(
      (sum, each) => sum + each.chargedTokens,
      this.lostTokens,
    );
    return { chargedTokens, turns, handovers };
  }

  /** Only text is carried over, so that either specialist can go on with it. */
  private conversation(previous: JudgedAnswer | undefined): MessageParam[] {
    const asked: MessageParam = { role: 'user', content: this.task };
    if (!previous || previous.verdict.outcome === 'rejected' || previous.text.trim() === '') return [asked];
    return [
      asked,
      { role: 'assistant', content: previous.text },
      { role: 'user', content: repairPrompt(this.task, previous.text, previous.verdict.issues) },
    ];
  }

  private async judge(purpose: TaskPurpose, turn: TurnResult): Promise<JudgedAnswer> {
    const startedAtMs = this.ports.nowMs();
    const checked = await this.ports.critic.review({ task: this.task, message: turn.message }, this.signal);
    const verdict = await this.reviewed(checked, purpose, turn, null);
    return this.judged(purpose, turn, { verdict, startedAtMs }, null);
  }

  private async judgeWork(purpose: TaskPurpose, workspace: WorkspaceTask, work: Work): Promise<JudgedAnswer> {
    const onChecks = () => this.emit({ type: 'waiting', reason: "the project's checks are run" });
    const { critic, checks, observe, nowMs } = this.ports;
    const { taskId } = this.decision;
    const startedAtMs = nowMs();
    const onRan = (run: CheckRun): void => {
      const { name, outcome, startedAtMs: began, durationMs } = run;
      observe?.({ type: 'check', taskId, name, outcome, startedAtMs: began, durationMs });
    };
    const checked = await workspace.judge(work, { critic, checks, onChecks, onRan }, this.signal);
    const verdict = await this.reviewed(checked, purpose, work.turn, workspace);
    return this.judged(purpose, work.turn, { verdict, startedAtMs }, workspace.state());
  }

  /** What no check has anything against is looked at by the reviewer, once in a round. */
  private async reviewed(
    verdict: Verdict,
    purpose: TaskPurpose,
    { agent, message }: TurnResult,
    workspace: WorkspaceTask | null,
  ): Promise<Verdict> {
    if (verdict.outcome !== 'approved') return verdict;
    const answer = answerText(message);
    const issues = await this.reviewer.review({
      task: this.task,
      answer,
      changes: workspace?.changes() ?? [],
      author: agent,
      mayReturn: purpose !== 'escalation' && this.repairs < this.options.repairRounds && this.mayGoOn(),
      places: placesIn(answer, workspace),
    });
    return addIssues(verdict, issues);
  }

  private judged(
    purpose: TaskPurpose,
    turn: TurnResult,
    { verdict, startedAtMs }: { readonly verdict: Verdict; readonly startedAtMs: number },
    state: WorkState | null,
  ): JudgedAnswer {
    const { agent, model } = turn;
    this.ports.observe?.({
      type: 'review',
      taskId: this.decision.taskId,
      startedAtMs,
      endedAtMs: this.ports.nowMs(),
      agent,
      purpose,
      outcome: verdict.outcome,
      errors: verdict.issues.filter(({ severity }) => severity === 'error').length,
      warnings: verdict.issues.filter(({ severity }) => severity === 'warning').length,
    });
    this.reviews.push({ agent, model, purpose, ...verdict });
    this.ports.log.record({
      agent: 'critic',
      action: 'review',
      taskId: this.decision.taskId,
      input: { of: agent, model, purpose },
      output: { ...verdict },
    });
    this.emit({ type: 'verdict', agent, verdict });
    return { turn, text: answerText(turn.message), verdict, state };
  }

  private addTurn(purpose: TurnPurpose, turn: TurnResult): void {
    const { agent, model, usage, chargedTokens, heldTokens, costUsd, latencyMs, budgets } = turn;
    const summary = { agent, model, purpose, usage, chargedTokens, heldTokens, costUsd, latencyMs };
    this.turns.push(summary);
    this.emit({ type: 'turn-settled', turn: summary, budgets });
  }

  private emitText(agent: AgentName, event: RawMessageStreamEvent): void {
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
      this.emit({ type: 'text', agent, text: event.delta.text });
    }
  }
}

/** In whole millionths, so that no sum ends in a tail of nines. */
function sumOf(costsUsd: readonly (number | null)[]): number | null {
  let microUsd = 0;
  for (const usd of costsUsd) {
    if (usd === null) return null;
    microUsd += Math.round(usd * 1e6);
  }
  return microUsd / 1e6;
}

function errorsOf({ verdict }: JudgedAnswer): number {
  if (verdict.outcome === 'rejected') return Number.MAX_SAFE_INTEGER;
  // A model's doubt weighs less than anything that a check found.
  return verdict.issues.filter(({ kind, severity }) => severity === 'error' && kind !== 'doubt').length;
}

/** Where a reviewer's issues can be: in the changed files, or where there are none in the answer. */
function placesIn(answer: string, workspace: WorkspaceTask | null): ReviewPlaces {
  const changed = new Set(workspace?.changes().map(({ path }) => path));
  const answerLines = changed.size > 0 ? 0 : answer.split('\n').length;
  return {
    linesOf: (path) => (path === '' ? answerLines : (workspace?.linesOf(path) ?? null)),
    isWork: (path) => (path === '' ? changed.size === 0 : changed.has(path)),
  };
}
