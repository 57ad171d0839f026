import { answerText } from '../agents/critic/answer-text.ts';
import { repairPrompt } from '../agents/critic/repair-prompt.ts';
import type { RoutingDecision } from '../agents/routing-decision.ts';
import { type AgentName, otherAgent } from '../agents/Specialist.ts';
import type { Verdict } from '../agents/verdict.ts';
import type { MessageParam, RawMessageStreamEvent } from '../messages/types.ts';
import type { ExecuteOptions, PipelineOptions, PipelinePorts } from '../pipeline.ts';
import type { Handover, TaskEvent, TaskResult, TurnPurpose, TurnSummary } from '../task-events.ts';
import type { TurnResult } from '../turn/turn-types.ts';
import { taskRequest } from './task-request.ts';

/** An answer with what the critic says of it. */
export interface JudgedAnswer {
  readonly turn: TurnResult;
  readonly text: string;
  readonly verdict: Verdict;
}

/** What one task has gathered while it runs: turns, handovers, warnings; and the steps that it is made of. */
export class TaskRun {
  private readonly task: string;
  private readonly decision: RoutingDecision;
  private readonly reservationId: string | null;
  private readonly options: PipelineOptions & ExecuteOptions;
  private readonly ports: PipelinePorts;
  private readonly signal: AbortSignal;
  private readonly turns: TurnSummary[] = [];
  private readonly handovers: Handover[] = [];
  private readonly warnings: string[] = [];
  private answer: JudgedAnswer | null = null;

  constructor(
    task: string,
    admission: { readonly decision: RoutingDecision; readonly reservationId: string | null },
    options: PipelineOptions & ExecuteOptions,
    ports: PipelinePorts,
  ) {
    this.task = task;
    this.decision = admission.decision;
    this.reservationId = admission.reservationId;
    this.options = options;
    this.ports = ports;
    this.signal = options.signal ?? new AbortController().signal;
  }

  emit(event: TaskEvent): void {
    this.options.onEvent?.(event);
  }

  warn(message: string): void {
    this.warnings.push(message);
    this.emit({ type: 'warning', message });
  }

  /** Has `agent` answer, or the other specialist where it cannot; then the critic judges. With `previous`, its issues are fed back. */
  async ask(purpose: TurnPurpose, agent: AgentName, previous?: JudgedAnswer): Promise<JudgedAnswer> {
    const turn = await this.ports.turn.run(
      {
        taskId: this.decision.taskId,
        kind: this.decision.kind,
        scope: { complexity: this.decision.complexity.level },
        request: taskRequest(this.conversation(previous), this.options.maxTokens),
        agent,
        reservationId: this.reservationId,
        forced: this.decision.forced && this.decision.targetAgent === 'claude-specialist',
        // The other specialist has failed already when a task is escalated; asking it once more would change nothing.
        mayHandOver: purpose !== 'escalation' && this.mayUse(otherAgent(agent)),
      },
      {
        signal: this.signal,
        onStart: (start) => this.emit({ type: 'turn-started', purpose, ...start }),
        onEvent: (from, event) => this.emitText(from, event),
        onWait: (reason) => this.emit({ type: 'waiting', reason }),
        onWarning: (message) => this.warn(message),
        onHandover: (handover) => {
          this.handovers.push(handover);
          this.emit({ type: 'handover', handover });
        },
      },
    );
    this.addTurn(purpose, turn);
    return this.judge(turn);
  }

  /** As `ask`, but an answer that is there already is kept where nobody can better it. */
  async improve(purpose: TurnPurpose, agent: AgentName, previous: JudgedAnswer): Promise<JudgedAnswer> {
    try {
      const next = await this.ask(purpose, agent, previous);
      return errorsOf(next) <= errorsOf(previous) ? next : previous;
    } catch (error) {
      if (this.signal.aborted) throw error;
      const problem = error instanceof Error ? error.message : String(error);
      this.warn(`The answer could not be improved: ${problem}`);
      return previous;
    }
  }

  /** Whether the user's wish lets this specialist take part: forcing Ollama says that no Claude token is to be spent. */
  mayUse(agent: AgentName): boolean {
    return !this.decision.forced || agent === this.decision.targetAgent || agent === 'ollama-specialist';
  }

  /** Whether Claude did all of it, so that what was charged is what such a task needs. */
  isWholeOnClaude(): boolean {
    return this.turns.length > 0 && this.turns.every((turn) => turn.agent === 'claude-specialist');
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
      estimatedTokens: this.decision.estimatedTokens,
      chargedTokens: [...this.turns, ...this.handovers].reduce((sum, each) => sum + each.chargedTokens, 0),
      turns: this.turns,
      handovers: this.handovers,
      warnings: this.warnings,
      budgets: this.ports.ledger.snapshot({ complexity: this.decision.complexity.level }),
    };
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

  private async judge(turn: TurnResult): Promise<JudgedAnswer> {
    const verdict = await this.ports.critic.review({ task: this.task, message: turn.message }, this.signal);
    this.ports.log.record({
      agent: 'critic',
      action: 'review',
      taskId: this.decision.taskId,
      input: { of: turn.agent, model: turn.model },
      output: { ...verdict },
    });
    this.emit({ type: 'verdict', agent: turn.agent, verdict });
    return { turn, text: answerText(turn.message), verdict };
  }

  private addTurn(purpose: TurnPurpose, turn: TurnResult): void {
    const { agent, model, usage, chargedTokens, heldTokens, latencyMs, budgets } = turn;
    const summary = { agent, model, purpose, usage, chargedTokens, heldTokens, latencyMs };
    this.turns.push(summary);
    this.emit({ type: 'turn-settled', turn: summary, budgets });
  }

  private emitText(agent: AgentName, event: RawMessageStreamEvent): void {
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
      this.emit({ type: 'text', agent, text: event.delta.text });
    }
  }
}

function errorsOf({ verdict }: JudgedAnswer): number {
  if (verdict.outcome === 'rejected') return Number.MAX_SAFE_INTEGER;
  return verdict.issues.filter((issue) => issue.severity === 'error').length;
}
