import { bareAmount } from '../messages/format-amount.ts';
import { formatTokens } from '../messages/format-tokens.ts';
import type { Refusal } from '../state/Ledger.ts';
import type { Complexity } from './complexity.ts';
import type { TaskExpectation } from './expect-task.ts';
import type { DecisionCause, RoutingDecision, TokenBudgetStatus } from './routing-decision.ts';
import type { AgentName } from './Specialist.ts';

/** What is known of a task before the budget has answered, and the decisions that can follow from it. */
export class DecisionDraft {
  readonly taskId: string;
  readonly complexity: Complexity;
  readonly kind: string;
  readonly expected: TaskExpectation;
  private readonly forceAgent: AgentName | undefined;

  constructor(
    taskId: string,
    complexity: Complexity,
    kind: string,
    expected: TaskExpectation,
    forceAgent: AgentName | undefined,
  ) {
    this.taskId = taskId;
    this.complexity = complexity;
    this.kind = kind;
    this.expected = expected;
    this.forceAgent = forceAgent;
  }

  wantsClaude(status: TokenBudgetStatus): boolean {
    if (this.forceAgent) return this.forceAgent === 'claude-specialist';
    return !status.exhausted && this.complexity.level === 'complex';
  }

  toClaude(status: TokenBudgetStatus): RoutingDecision {
    if (this.forceAgent)
      return this.decision('claude-specialist', 'forced', 'Claude was forced by the user', 1, status);
    const reason = `Complex task (score ${this.score()}), and the token budget has room: about ${this.needed()}`;
    return this.decision('claude-specialist', 'complex', reason, this.complexity.confidence, status);
  }

  toOllama(status: TokenBudgetStatus): RoutingDecision {
    if (this.forceAgent)
      return this.decision('ollama-specialist', 'forced', 'Ollama was forced by the user', 1, status);
    if (status.exhausted) return this.refused(status);
    const reason = `Simple task (score ${this.score()}) - Ollama can do it, and no Claude token is spent`;
    return this.decision('ollama-specialist', 'simple', reason, this.complexity.confidence, status);
  }

  get isForced(): boolean {
    return this.forceAgent !== undefined;
  }

  /** Ollama, for a reason that is none of the budget's. */
  instead(reason: string, status: TokenBudgetStatus): RoutingDecision {
    return this.decision('ollama-specialist', 'claude-limit', reason, 1, status);
  }

  refused(status: TokenBudgetStatus, cause?: Refusal['cause']): RoutingDecision {
    const why = cause === 'held' ? 'budget-held' : status.exhausted ? 'budget-exhausted' : 'budget-too-low';
    return this.decision('ollama-specialist', why, this.refusal(status, cause), 1, status);
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

  private score(): string {
    return this.complexity.score.toFixed(2);
  }
}
