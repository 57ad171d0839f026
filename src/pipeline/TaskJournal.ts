import { createHash } from 'node:crypto';
import type { RoutingDecision } from '../agents/routing-decision.ts';
import type { Verdict } from '../agents/verdict.ts';
import { AbortedError, TeelammaError } from '../errors.ts';
import type { DecisionLog } from '../logging/LogEntry.ts';
import { maskSecrets } from '../logging/mask-secrets.ts';
import type { Ledger } from '../state/Ledger.ts';
import type { TaskIssue, TaskPrompt, TaskRecord } from '../state/TaskRecord.ts';
import type { TaskResult } from '../task-events.ts';
import { NoSpecialistAvailableError } from '../turn/NoSpecialistAvailableError.ts';

const longestTitle = 80;

export interface TaskJournalOptions {
  /** Whether the task's first line may be kept (`log.prompts: full`). */
  readonly keepsTitle: boolean;
}

export interface TaskJournalPorts {
  readonly ledger: Ledger;
  readonly log: DecisionLog;
  readonly nowMs: () => number;
  readonly onWarning: (message: string) => void;
}

/** What came of a task so far, whether it was answered or not. */
export type TaskProgress = Pick<TaskResult, 'chargedTokens' | 'handovers' | 'turns'>;

/**
 * Keeps the record of one task in the ledger: when it is decided, and when it has ended. Nothing waits for the first; a ledger that
 * cannot be written costs the record and never the answer.
 */
export class TaskJournal {
  private readonly ports: TaskJournalPorts;
  private readonly started: TaskRecord;
  private writing: Promise<void>;

  constructor(task: string, decision: RoutingDecision, options: TaskJournalOptions, ports: TaskJournalPorts) {
    this.ports = ports;
    this.started = startedRecord(promptOf(task, options.keepsTitle), decision, ports.nowMs());
    this.writing = this.write(this.started);
    // Whoever ends the task waits for it and sees its error; until then nobody does.
    this.writing.catch(() => undefined);
  }

  /** The task has an answer, approved or not. */
  async answered({ agent, model, verdict, reviews: judged, ...progress }: TaskResult): Promise<void> {
    const issues = keptIssues(verdict);
    // The answer that is given is mostly the only one: its issues are kept once.
    const reviews = judged.map(({ agent: by, purpose, outcome, issues: found }) => ({
      agent: by,
      purpose,
      outcome,
      ...(judged.length > 1 && { issues: keptIssues({ issues: found }) }),
    }));
    await this.end(progress, { agent, model, outcome: verdict.outcome, issues, reviews });
  }

  /** The task ended without an answer. */
  async failed(error: unknown, progress: TaskProgress): Promise<void> {
    const outcome = error instanceof AbortedError ? 'aborted' : 'failed';
    const last = error instanceof NoSpecialistAvailableError ? error.attempts.at(-1) : undefined;
    const chargedTokens = progress.chargedTokens + (last?.chargedTokens ?? 0);
    await this.end({ ...progress, chargedTokens }, { outcome });
  }

  private async end(
    { turns, handovers, chargedTokens }: TaskProgress,
    ending: Partial<TaskRecord>,
  ): Promise<void> {
    const endedAtMs = this.ports.nowMs();
    const record: TaskRecord = {
      ...this.started,
      ...ending,
      endedAtMs,
      latencyMs: Math.max(0, endedAtMs - this.started.startedAtMs),
      turns: turns.length,
      handovers: handovers.map(({ from, to, reason }) => ({ from, to, reason })),
      chargedTokens,
    };
    this.writing = this.writing.then(() => this.write(record));
    await this.writing;
  }

  private async write(record: TaskRecord): Promise<void> {
    const { ledger, log, onWarning } = this.ports;
    try {
      await ledger.recordTask(record);
    } catch (error) {
      if (!(error instanceof TeelammaError)) throw error;
      const { taskId, endedAtMs, outcome } = record;
      const { code, message } = error;
      log.record({
        agent: 'ledger',
        action: 'record-task',
        taskId,
        level: 'warn',
        input: { outcome },
        output: { code, message },
      });
      if (endedAtMs !== null) onWarning(`This task is missing in the history: ${message}`);
    }
  }
}

function keptIssues({ issues }: Pick<Verdict, 'issues'>): readonly TaskIssue[] {
  return issues.map(({ kind, severity, message, file, line }) => ({
    code: kind,
    severity,
    message,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
  }));
}

function startedRecord(prompt: TaskPrompt, decision: RoutingDecision, startedAtMs: number): TaskRecord {
  const { taskId, kind, complexity, targetAgent, reason, cause, confidence, estimatedTokens, forced } =
    decision;
  const { level, score, signals } = complexity;
  return {
    taskId,
    kind,
    scope: { complexity: level },
    strategy: decision.strategy,
    startedAtMs,
    endedAtMs: null,
    decision: {
      targetAgent,
      reason,
      cause,
      confidence,
      estimatedTokens,
      forced,
      propensity: decision.propensity,
    },
    complexity: {
      level,
      score,
      confidence: complexity.confidence,
      signals: signals.map(({ name, value, weight }) => ({ name, value, weight })),
    },
    agent: null,
    model: null,
    outcome: null,
    issues: [],
    chargedTokens: 0,
    turns: 0,
    handovers: [],
    latencyMs: null,
    prompt,
  };
}

/** As in the log of decisions, docs/logging.md. */
function promptOf(task: string, keepsTitle: boolean): TaskPrompt {
  const sha256 = createHash('sha256').update(task).digest('hex').slice(0, 16);
  if (!keepsTitle) return { length: task.length, sha256 };
  // Masked before it is cut: half a key is not recognised any more.
  const [line = ''] = maskSecrets(task).trim().split('\n');
  const characters = [...line.trim()];
  const isCut = characters.length > longestTitle;
  const title = isCut ? `${characters.slice(0, longestTitle - 1).join('')}…` : line.trim();
  return { length: task.length, sha256, title };
}
