import { isLedgerTrouble } from '../errors.ts';
import { amountText } from '../messages/format-amount.ts';
import type { TokenUsage } from '../messages/token-usage.ts';
import type {
  BudgetStatus,
  Ledger,
  Refusal,
  Reservation,
  Scope,
  SettledTask,
  SettleResult,
} from '../state/Ledger.ts';
import { leastLeft, tokensLeft } from '../state/tokens-left.ts';
import { type Sleep, waitForHolds } from '../state/wait-for-holds.ts';
import { bindingStatus } from './binding-status.ts';
import type { Complexity } from './complexity.ts';
import { DecisionDraft } from './DecisionDraft.ts';
import { firstEstimates, type TaskKind, tasksLookedAt } from './estimate-task.ts';
import { expectTask } from './expect-task.ts';
import { ForcedNotAllowedError } from './ForcedNotAllowedError.ts';
import { turnsLookedAt } from './least-output-tokens.ts';
import type { Router } from './Router.ts';
import type { RoutingDecision, TokenBudgetStatus } from './routing-decision.ts';
import type { AgentName } from './Specialist.ts';
import { certainPlan, defaultStrategy, type Strategy } from './strategy.ts';

export interface MetaCoordinatorOptions {
  /** Whether a forced Claude may pass the limit. Default true. */
  readonly allowForced?: boolean;
  /** Claude's model, for the budgets that match on it. Default: not known. */
  readonly model?: string;
  /** Longest wait for holds of other tasks that stand in the way. Default 2,000 ms. */
  readonly waitMs?: number;
  /** Where a task names none. Default `budget-first`. */
  readonly strategy?: Strategy;
  /** Share of the admitted tasks, 0 to 0.5, that go to the other specialist by chance. Default 0. */
  readonly exploration?: number;
}

export interface MetaCoordinatorPorts {
  readonly ledger: Ledger;
  readonly router: Router;
  readonly newId: () => string;
  readonly sleep: Sleep;
  /** Why Claude is not to be asked for the sake of its own limits, a sentence without its full stop; null where it may be. */
  readonly reserve?: () => { readonly reason: string } | null;
  /** 0 up to 1, evenly. Default `Math.random`. */
  readonly random?: () => number;
}

/** A decision, and the tokens that were reserved for it; null where Ollama does the task. */
export interface Admission {
  readonly decision: RoutingDecision;
  readonly reservation: Reservation | null;
  /** What the first turn should leave of the reservation for the later ones; 0 where nothing is known. */
  readonly laterTokens: number;
}

/** What is known of a task beside its words. */
export interface TaskSetting {
  /** Whether it works on the files of a workspace, which takes several turns. Default false. */
  readonly inWorkspace?: boolean | undefined;
  /** Who begins; default the one of the coordinator's options. */
  readonly strategy?: Strategy | undefined;
}

export interface AdmitOptions extends TaskSetting {
  readonly forceAgent?: AgentName | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onWait?: (refusal: Refusal) => void;
}

/**
 * Decides who does a task: the budget first, then the complexity, as far as the strategy lets them.
 *
 * @example
 * ```ts
 * const decision = await coordinator.route('Refactor the session store and add tests');
 * if (decision.targetAgent === 'claude-specialist') {
 *   const usage = await askClaudeYourself(decision.estimatedTokens);
 *   await coordinator.settle(decision, usage);
 * }
 * ```
 */
export class MetaCoordinator {
  private readonly options: MetaCoordinatorOptions & {
    readonly allowForced: boolean;
    readonly waitMs: number;
  };
  private readonly ports: MetaCoordinatorPorts;

  constructor(options: MetaCoordinatorOptions, ports: MetaCoordinatorPorts) {
    this.options = { ...options, allowForced: options.allowForced ?? true, waitMs: options.waitMs ?? 2_000 };
    this.ports = ports;
  }

  /**
   * Decides, for a caller who does the task alone, and charges the estimate at once: nobody can see what the caller sends, so a
   * decision that is never settled stays charged. `settle` replaces the estimate by the real usage.
   * @throws ForcedNotAllowedError where Claude is forced past the limit and that is forbidden.
   */
  async route(task: string, forceAgent?: AgentName): Promise<RoutingDecision> {
    const { decision, reservation } = await this.admit(task, { forceAgent });
    if (!reservation) return decision;
    const { ledger } = this.ports;
    const turn = await ledger.beginTurn({
      reservationId: reservation.id,
      atLeastTokens: decision.estimatedTokens,
      atMostTokens: decision.estimatedTokens,
      // The one that the reservation was priced by; which one the caller really asks, nobody sees.
      model: this.options.model ?? 'unknown',
    });
    // The window ended between the two calls: what was reserved in it is gone with it, and the decision holds for the old one.
    if (!turn.granted) return decision;
    const charged = await ledger.settleTurn(turn.turnId, {
      kind: 'unknown',
      reason: 'decision handed to the caller',
    });
    await ledger.close(reservation.id, { isWholeTask: false });
    return { ...decision, turnId: turn.turnId, tokenBudgetStatus: bindingStatus(charged.budgets) };
  }

  /** Replaces the estimate that `route` charged by what was really used. The first call counts; a decision for Ollama has nothing to settle. */
  async settle(decision: RoutingDecision, usage: TokenUsage): Promise<SettleResult | null> {
    if (decision.turnId === undefined) return null;
    return this.ports.ledger.settleTurn(decision.turnId, { kind: 'usage', usage });
  }

  /** The decision that `route` would take now; nothing is spent or held. */
  async preview(task: string, forceAgent?: AgentName, setting: TaskSetting = {}): Promise<RoutingDecision> {
    const draft = await this.draft(task, { ...setting, forceAgent });
    const budgets = await this.ports.ledger.status(this.scopeOf(draft));
    const status = bindingStatus(budgets);
    if (!draft.wantsClaude(status)) return draft.toOllama(status);
    const kept = this.ports.reserve?.() ?? null;
    if (kept) return this.onReserve(draft, kept.reason, status);
    const binding = leastLeft(budgets);
    if (!binding || draft.expected.neededTokens <= tokensLeft(binding)) return draft.toClaude(status);
    return forceAgent ? this.overdraft(draft, status) : draft.refused(status);
  }

  /**
   * Decides for a task that the pipeline runs, and reserves all that it needs to finish: where that does not fit, Ollama begins it. Who
   * calls it closes the reservation.
   * @throws ForcedNotAllowedError where Claude is forced past the limit and that is forbidden.
   */
  async admit(task: string, options: AdmitOptions = {}): Promise<Admission> {
    try {
      const certain = await this.draft(task, options);
      const budgets = await this.ports.ledger.status(this.scopeOf(certain));
      const before = bindingStatus(budgets);
      const kept = this.ports.reserve?.() ?? null;
      const draft = kept ? certain : this.leaveToChance(certain, options, budgets);
      if (!draft.wantsClaude(before))
        return { decision: draft.toOllama(before), reservation: null, laterTokens: 0 };
      if (!kept) return await this.reserve(draft, options);
      const decision = this.onReserve(draft, kept.reason, before);
      if (decision.targetAgent === 'ollama-specialist')
        return { decision, reservation: null, laterTokens: 0 };
      const admission = await this.reserve(draft, options);
      const warnings = [admission.decision.warning, decision.warning].filter((text) => text !== undefined);
      return { ...admission, decision: { ...admission.decision, warning: warnings.join('. ') } };
    } catch (error) {
      if (!isLedgerTrouble(error)) throw error;
      const decision = this.withoutLedger(task, options, error.message);
      return { decision, reservation: null, laterTokens: 0 };
    }
  }

  /** The decision while the ledger cannot be used: nothing is known of the budget, so Claude is not asked. */
  private withoutLedger(task: string, options: AdmitOptions, problem: string): RoutingDecision {
    const draft = this.draftWith(task, options, [], []);
    const { tokenBudgetStatus: _unknown, ...decision } = draft.toOllama(bindingStatus([]));
    const why = problem.replace(/\.$/, '');
    if (options.forceAgent === 'ollama-specialist') return decision;
    return {
      ...decision,
      confidence: 1,
      cause: 'no-ledger',
      reason: `Claude is not asked without a ledger (${why}) - Ollama does it`,
    };
  }

  /** Some tasks go the other way, so that what comes of them can be compared; only where the budget has room for either. */
  private leaveToChance(
    draft: DecisionDraft,
    { forceAgent, strategy = this.options.strategy ?? defaultStrategy }: AdmitOptions,
    budgets: readonly BudgetStatus[],
  ): DecisionDraft {
    const { exploration = 0 } = this.options;
    const binding = leastLeft(budgets);
    const hasRoom = !binding || draft.expected.neededTokens <= tokensLeft(binding);
    if (forceAgent || exploration === 0 || !hasRoom) return draft;
    const isExploring = (this.ports.random ?? Math.random)() < exploration;
    return draft.with({ strategy, exploration, isExploring, hasChoice: true });
  }

  private async reserve(draft: DecisionDraft, options: AdmitOptions): Promise<Admission> {
    const { ledger } = this.ports;
    const { taskId, kind } = draft;
    const { neededTokens: atLeastTokens, laterTokens } = draft.expected;
    const request = { taskId, kind, atLeastTokens, scope: this.scopeOf(draft) };
    const result = await waitForHolds(
      () => ledger.reserve(request),
      {
        waitMs: this.options.waitMs,
        signal: options.signal,
        ...(options.onWait && { onWait: options.onWait }),
      },
      this.ports,
    );
    const status = bindingStatus(result.budgets);
    if (result.granted) {
      return { decision: draft.toClaude(status), reservation: result.reservation, laterTokens };
    }
    if (!options.forceAgent)
      return { decision: draft.refused(status, result.cause), reservation: null, laterTokens: 0 };

    const decision = this.overdraft(draft, status);
    const forced = await ledger.reserve({ ...request, forced: true });
    if (!forced.granted) throw new Error(`A forced reservation was refused: ${forced.cause}`);
    return {
      decision: { ...decision, tokenBudgetStatus: bindingStatus(forced.budgets) },
      reservation: forced.reservation,
      laterTokens,
    };
  }

  /** Less is left of a limit of Claude's own than is to be kept: only a user who forces Claude passes, warned. */
  private onReserve(draft: DecisionDraft, reason: string, status: TokenBudgetStatus): RoutingDecision {
    if (draft.isForced) return { ...draft.toClaude(status), warning: `${reason} - Claude was forced` };
    return draft.instead(`${reason} - Ollama does it`, status);
  }

  private scopeOf({ complexity }: DecisionDraft): Scope {
    const { model } = this.options;
    return { complexity: complexity.level, ...(model !== undefined && { model }) };
  }

  private async draft(task: string, options: AdmitOptions): Promise<DecisionDraft> {
    const kind = kindOf(this.ports.router.assess(task), options);
    const { ledger } = this.ports;
    const [settled, recent] = await Promise.all([
      ledger.settledTasks(kind, tasksLookedAt),
      ledger.recentOutputTokens(kind, turnsLookedAt),
    ]);
    return this.draftWith(task, options, settled, recent);
  }

  private draftWith(
    task: string,
    options: AdmitOptions,
    settled: readonly SettledTask[],
    recentOutputTokens: readonly number[],
  ): DecisionDraft {
    const complexity = this.ports.router.assess(task);
    const kind = kindOf(complexity, options);
    const expected = expectTask(settled, recentOutputTokens, firstEstimates[kind]);
    const plan = certainPlan(options.strategy ?? this.options.strategy ?? defaultStrategy);
    return new DecisionDraft(this.ports.newId(), complexity, kind, expected, options.forceAgent, plan);
  }

  private overdraft(draft: DecisionDraft, status: TokenBudgetStatus): RoutingDecision {
    if (!this.options.allowForced) throw new ForcedNotAllowedError(status, draft.expected.neededTokens);
    const state = status.exhausted
      ? 'Token budget exhausted'
      : `Only ${amountText(status, status.remaining)} left`;
    return {
      ...draft.toClaude(status),
      warning: `${state} - Claude was forced, and what it uses above the limit is recorded as overdraft`,
    };
  }
}

function kindOf({ level }: Complexity, { inWorkspace }: TaskSetting): TaskKind {
  return inWorkspace ? `${level} workspace` : level;
}
