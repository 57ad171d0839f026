import { bareAmount } from '../messages/format-amount.ts';
import { formatTokens } from '../messages/format-tokens.ts';
import type { Refusal } from '../state/Ledger.ts';
import type { Complexity } from './complexity.ts';
import type { TaskExpectation } from './expect-task.ts';
import type { DecisionCause, RoutingDecision, TokenBudgetStatus } from './routing-decision.ts';
import { type AgentName, otherAgent } from './Specialist.ts';
import { certainPlan, defaultStrategy, preferredAgent, propensityOf, type StrategyPlan } from './strategy.ts';

/** What is known of a task before the budget has answered, and the decisions that can follow from it. */
export class DecisionDraft {
  readonly taskId: string;
  readonly complexity: Complexity;
  readonly kind: string;
  readonly expected: TaskExpectation;
  private readonly forceAgent: AgentName | undefined;
  private readonly plan: StrategyPlan;

  constructor(
    taskId: string,
    complexity: Complexity,
    kind: string,
    expected: TaskExpectation,
    forceAgent: AgentName | undefined,
    plan: StrategyPlan = certainPlan(defaultStrategy),
  ) {
    this.taskId = taskId;
    this.complexity = complexity;
    this.kind = kind;
    this.expected = expected;
    this.forceAgent = forceAgent;
    this.plan = plan;
  }

  wantsClaude(status: TokenBudgetStatus): boolean {
    if (this.forceAgent) return this.forceAgent === 'claude-specialist';
    return !status.exhausted && this.chosen() === 'claude-specialist';
  }

  /** The same draft under another plan. */
  with(plan: StrategyPlan): DecisionDraft {
    const { taskId, complexity, kind, expected, forceAgent } = this;
    return new DecisionDraft(taskId, complexity, kind, expected, forceAgent, plan);
  }

  toClaude(status: TokenBudgetStatus): RoutingDecision {
    const choose = (cause: DecisionCause, why: string, confidence = 1) =>
      this.decision('claude-specialist', cause, why, confidence, status);
    if (this.forceAgent) return choose('forced', 'Claude was forced by the user');
    const room = `the token budget has room: about ${this.needed()}`;
    if (this.plan.isExploring)
      return choose('explored', `${this.byChance()} Claude does this one, and ${room}`);
    if (this.plan.strategy === 'claude-first')
      return choose('claude-first', `Claude first, as the strategy says (${this.task()}), and ${room}`);
    const reason = `Complex task (score ${this.score()}), and ${room}`;
    return choose('complex', reason, this.complexity.confidence);
  }

  toOllama(status: TokenBudgetStatus): RoutingDecision {
    const choose = (cause: DecisionCause, why: string, confidence = 1) =>
      this.decision('ollama-specialist', cause, why, confidence, status);
    if (this.forceAgent) return choose('forced', 'Ollama was forced by the user');
    if (this.plan.isExploring) return choose('explored', `${this.byChance()} Ollama does this one`);
    if (this.plan.strategy === 'local-first') {
      const reason = `Local first, as the strategy says (${this.task()}) - Ollama begins, and Claude mends what the critic does not approve`;
      return choose('local-first', reason);
    }
    if (status.exhausted) return this.refused(status);
    const reason = `Simple task (score ${this.score()}) - Ollama can do it, and no Claude token is spent`;
    return choose('simple', reason, this.complexity.confidence);
  }

  get isForced(): boolean {
    return this.forceAgent !== undefined;
  }

  /** Ollama, for a reason that is none of the budget's. */
  instead(reason: string, status: TokenBudgetStatus): RoutingDecision {
    const certain = this.with(certainPlan(this.plan.strategy));
    return certain.decision('ollama-specialist', 'claude-limit', reason, 1, status);
  }

  refused(status: TokenBudgetStatus, cause?: Refusal['cause']): RoutingDecision {
    const why = cause === 'held' ? 'budget-held' : status.exhausted ? 'budget-exhausted' : 'budget-too-low';
    return this.with(certainPlan(this.plan.strategy)).decision(
      'ollama-specialist',
      why,
      this.refusal(status, cause),
      1,
      status,
    );
  }

  private refusal(status: TokenBudgetStatus, cause: Refusal['cause'] | undefined): string {
    const left = bareAmount(status, status.remaining);
    const need = `about ${this.needed()}`;
    if (cause === 'held') {
      return `Token budget held by other running tasks (${left} free, ${need}) - automatic downgrade to Ollama`;
    }
    if (status.exhausted) return 'Token budget exhausted - automatic downgrade to Ollama';
    return `Token budget too low (${left} left, ${need}) - automatic downgrade to Ollama`;
  }

  private decision(
    targetAgent: AgentName,
    cause: DecisionCause,
    reason: string,
    confidence: number,
    tokenBudgetStatus: TokenBudgetStatus,
  ): RoutingDecision {
    return {
      targetAgent,
      reason,
      cause,
      confidence,
      strategy: this.plan.strategy,
      propensity: this.forceAgent ? 1 : propensityOf(this.plan),
      tokenBudgetStatus,
      taskId: this.taskId,
      complexity: this.complexity,
      kind: this.kind,
      estimatedTokens: this.expected.estimatedTokens,
      forced: this.forceAgent !== undefined,
    };
  }

  /** Both figures where they differ: what is held is more than what is used. */
  private needed(): string {
    const { estimatedTokens, neededTokens } = this.expected;
    const needed = `${formatTokens(neededTokens)} tokens needed`;
    if (neededTokens === estimatedTokens) return needed;
    return `${needed} to finish it, one repair included, of which such tasks use ${formatTokens(estimatedTokens)}`;
  }

  private chosen(): AgentName {
    const preferred = preferredAgent(this.plan.strategy, this.complexity.level);
    return this.plan.isExploring ? otherAgent(preferred) : preferred;
  }

  private byChance(): string {
    const percent = Math.round(this.plan.exploration * 1_000) / 10;
    return `Chosen by chance, as ${percent} % of tasks are (${this.task()}):`;
  }

  private task(): string {
    return `${this.complexity.level} task, score ${this.score()}`;
  }

  private score(): string {
    return this.complexity.score.toFixed(2);
  }
}
