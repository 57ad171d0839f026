import { answerText } from '../agents/critic/answer-text.ts';
import { findDoubts, type ReviewPlaces } from '../agents/critic/find-doubts.ts';
import { parseReview } from '../agents/critic/review-form.ts';
import { reviewRequest } from '../agents/critic/review-request.ts';
import type { Reviewer } from '../agents/critic/reviewers.ts';
import { showWork, type WorkToReview } from '../agents/critic/show-work.ts';
import type { RoutingDecision } from '../agents/routing-decision.ts';
import type { AgentName } from '../agents/Specialist.ts';
import type { Issue } from '../agents/verdict.ts';
import { messageOf } from '../errors.ts';
import type { DecisionLog } from '../logging/LogEntry.ts';
import { NoSpecialistAvailableError } from '../turn/NoSpecialistAvailableError.ts';
import type { TurnResult } from '../turn/turn-types.ts';
import type { Turn } from '../turn.ts';

export interface ReviewerSetting {
  readonly by: Reviewer;
  /** Longest time for one review, loading the model included. */
  readonly timeLimitMs: number;
}

export interface WorkReviewerPorts {
  readonly turn: Pick<Turn, 'run'>;
  readonly log: DecisionLog;
}

export interface ReviewHooks {
  readonly signal: AbortSignal;
  /** A review begins; `model` makes it. */
  readonly onStart: (model: string) => void;
  readonly onTurn: (turn: TurnResult) => void;
  /** Tokens that a review which failed stays charged. */
  readonly onLoss: (chargedTokens: number) => void;
}

/** Work that the checks have nothing against. */
export interface ReviewableWork extends WorkToReview {
  readonly author: AgentName;
  /** Whether a round of repair is left for what it finds. */
  readonly mayReturn: boolean;
  readonly places: ReviewPlaces;
}

/** What the ledger's turns of reviews are marked with, so that they are no measure for tasks. */
const kind = 'review';

/**
 * Has a second model look at work that every check approves. Its turn goes through the budget, in a reservation of its own: what is held for
 * the task's own turns stays theirs. It sends work back once in a task; and Ollama never sends back what Claude wrote, which would spend
 * Claude's tokens on the word of the smaller model. A review that does not come about costs the task nothing but a warning.
 */
export class WorkReviewer {
  private readonly setting: ReviewerSetting;
  private readonly decision: RoutingDecision;
  private readonly ports: WorkReviewerPorts;
  private readonly hooks: ReviewHooks;
  private hasReturned = false;

  constructor(
    setting: ReviewerSetting,
    decision: RoutingDecision,
    ports: WorkReviewerPorts,
    hooks: ReviewHooks,
  ) {
    this.setting = setting;
    this.decision = decision;
    this.ports = ports;
    this.hooks = hooks;
  }

  /** @throws AbortedError where the task is stopped; everything else that goes wrong is a warning. */
  async review(work: ReviewableWork): Promise<readonly Issue[]> {
    const { by } = this.setting;
    if (by === 'off') return [];
    const { forced, targetAgent } = this.decision;
    if (by === 'claude' && forced && targetAgent === 'ollama-specialist')
      return [notReviewed('Ollama is forced, and Claude is the reviewer')];
    const shown = showWork(work);
    const notes = shown.leftOut === null ? [] : [notChecked(`The reviewer did not see ${shown.leftOut}.`)];
    const asked = await this.ask(`${by}-specialist`, reviewRequest(shown));
    if ('failed' in asked) return [notReviewed(asked.failed)];
    const review = parseReview(answerText(asked.turn.message));
    const { model } = asked.turn;
    if (review === null) return [notReviewed(`${model} gave no review that can be read`)];
    const isPeer = by === 'claude' || work.author === 'ollama-specialist';
    const { issues, dropped } = findDoubts(
      review,
      work.places,
      work.mayReturn && isPeer && !this.hasReturned,
    );
    this.hasReturned ||= issues.some(({ severity }) => severity === 'error');
    const { taskId } = this.decision;
    this.ports.log.record({
      agent: 'critic',
      action: 'second-opinion',
      taskId,
      input: { by: asked.turn.agent, model },
      output: { outcome: review.outcome, issues, dropped },
    });
    return [...issues, ...notes];
  }

  private async ask(
    agent: AgentName,
    request: ReturnType<typeof reviewRequest>,
  ): Promise<{ readonly turn: TurnResult } | { readonly failed: string }> {
    const { taskId, complexity } = this.decision;
    const { signal, onStart, onTurn, onLoss } = this.hooks;
    const limit = AbortSignal.timeout(this.setting.timeLimitMs);
    let heldTokens = 0;
    try {
      const turn = await this.ports.turn.run(
        {
          taskId,
          kind,
          scope: { complexity: complexity.level },
          request,
          agent,
          reservationId: null,
          forced: false,
          mayHandOver: false,
        },
        {
          signal: AbortSignal.any([signal, limit]),
          onStart: (start) => {
            heldTokens = start.heldTokens;
            onStart(start.model);
          },
        },
      );
      onTurn(turn);
      return { turn };
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof NoSpecialistAvailableError) {
        onLoss(error.attempts.reduce((sum, { chargedTokens }) => sum + chargedTokens, 0));
        return { failed: error.attempts[0]?.reason ?? error.message };
      }
      // What was sent and not answered stays charged in full.
      onLoss(heldTokens);
      const seconds = Math.round(this.setting.timeLimitMs / 1_000);
      if (limit.aborted) return { failed: `it took longer than ${seconds} s (critic.reviewTimeout)` };
      return { failed: messageOf(error) };
    }
  }
}

function notReviewed(why: string): Issue {
  return notChecked(`The work was not reviewed: ${why.replace(/\.$/, '')}.`);
}

function notChecked(message: string): Issue {
  return { kind: 'not-checked', severity: 'warning', message };
}
