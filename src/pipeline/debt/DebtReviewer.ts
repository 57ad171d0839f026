import { answerText } from '../../agents/critic/answer-text.ts';
import { parseReview } from '../../agents/critic/review-form.ts';
import { mostReviewTokens, reviewRequest } from '../../agents/critic/review-request.ts';
import type { Specialist } from '../../agents/Specialist.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import { inputBoundTokens } from '../../messages/input-bound.ts';
import type { MessagesRequest } from '../../messages/types.ts';
import type { Ledger } from '../../state/Ledger.ts';
import { tokensLeft } from '../../state/tokens-left.ts';
import type { Turn } from '../../turn.ts';
import type { DebtEntry } from './DebtEntry.ts';
import type { DebtStore } from './DebtStore.ts';

/** What the ledger's turns of reviews are marked with: it tells what of the share is used. */
const kind = 'debt-review';
const leastOutputTokens = 300;
/** Claude's own count is an estimate. */
const countMargin = 1.05;

export interface DebtReviewerPorts {
  readonly turn: Pick<Turn, 'run'>;
  readonly ledger: Pick<Ledger, 'status' | 'history'>;
  readonly claude: Pick<Specialist, 'countInputTokens' | 'model'>;
  readonly debts: DebtStore;
  readonly nowMs: () => number;
}

/** Whether an entry was reviewed; if not, why, as a whole sentence. */
export type DebtReviewResult =
  | { readonly reviewed: true; readonly entry: DebtEntry }
  | { readonly reviewed: false; readonly reason: string };

/** Has Claude look at what Ollama did for want of budget, within a share of each budget's window. */
export class DebtReviewer {
  private readonly ports: DebtReviewerPorts;

  constructor(ports: DebtReviewerPorts) {
    this.ports = ports;
  }

  /**
   * Asks Claude and keeps what it says.
   * @param share 0 to 1, of the limit of each budget that matches; what other reviews of the window used counts.
   * @throws NoSpecialistAvailableError where Claude cannot be asked, AbortedError, and TeelammaError `state-unwritable`
   */
  async review(entry: DebtEntry, share: number, signal: AbortSignal): Promise<DebtReviewResult> {
    const { turn, debts, nowMs } = this.ports;
    const request = requestFor(entry);
    const allowed = await this.allowedTokens(entry.complexity, share);
    const input = await this.inputTokens(request, allowed, signal);
    const maxTokens = Math.min(mostReviewTokens, allowed - input);
    if (maxTokens < leastOutputTokens) {
      const left = formatTokens(Math.max(0, allowed));
      const need = formatTokens(input + leastOutputTokens);
      const reason = `Of the share for reviews ${left} tokens are left in this window, and about ${need} are needed; give more with --share, or wait for the reset.`;
      return { reviewed: false, reason };
    }
    const { message, model, chargedTokens } = await turn.run(
      {
        taskId: entry.taskId,
        kind,
        scope: { complexity: entry.complexity },
        request: { ...request, max_tokens: maxTokens },
        agent: 'claude-specialist',
        reservationId: null,
        forced: false,
        mayHandOver: false,
      },
      { signal },
    );
    const text = answerText(message);
    const read = parseReview(text) ?? {
      outcome: 'unclear' as const,
      summary: text.slice(0, 2_000),
      issues: [],
    };
    const issues = read.issues.map((each) => ({ ...each }));
    const reviewed = { ...entry, review: { ...read, issues, atMs: nowMs(), model, chargedTokens } };
    debts.write(reviewed);
    return { reviewed: true, entry: reviewed };
  }

  /** Tokens that reviews may still use now; below 0 where the share was made smaller since. */
  private async allowedTokens(complexity: string, share: number): Promise<number> {
    const { ledger, claude } = this.ports;
    const budgets = await ledger.status({ complexity, model: claude.model });
    const allowed = await Promise.all(
      budgets.map(async (budget) => {
        const ofShare = tokensLeft({ ...budget, remainingTokens: Math.floor(budget.limitTokens * share) });
        return budget.windowStartMs === null
          ? ofShare
          : ofShare - (await this.spentSince(budget.windowStartMs));
      }),
    );
    return Math.min(...allowed);
  }

  private async spentSince(sinceMs: number): Promise<number> {
    const turns = await this.ports.ledger.history({ sinceMs, agent: 'claude-specialist', limit: 100_000 });
    return turns
      .filter((turn) => turn.kind === kind)
      .reduce((sum, turn) => sum + (turn.state === 'in-flight' ? turn.heldTokens : turn.chargedTokens), 0);
  }

  /** By its bytes, or where that is too much as Claude itself counts, which is free. */
  private async inputTokens(request: MessagesRequest, allowed: number, signal: AbortSignal): Promise<number> {
    const bound = inputBoundTokens(request);
    if (bound.bounded && bound.tokens + leastOutputTokens <= allowed) return bound.tokens;
    const counted = await this.ports.claude.countInputTokens(request, signal);
    if (counted !== null) return Math.ceil(counted * countMargin) + 64;
    return bound.bounded ? bound.tokens : Number.MAX_SAFE_INTEGER;
  }
}

function requestFor({ task, answer, files, verdict }: DebtEntry): MessagesRequest {
  const changes = files.map((file) => file.diff).join('');
  const findings = verdict.issues.map(({ message }) => message);
  return reviewRequest({ task, answer, changes, findings });
}
