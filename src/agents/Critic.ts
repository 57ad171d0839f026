import type { Message } from '../messages/types.ts';
import type { ExampleRunner } from '../workspace/examples/ExampleRunner.ts';
import type { FileChange } from '../workspace/FileChange.ts';
import { findCutOff } from './critic/cut-off.ts';
import { findElidedCode } from './critic/elided-code.ts';
import { findNoAnswer } from './critic/no-answer.ts';
import { findRefusal } from './critic/refusal.ts';
import { findFileIssues } from './critic/review-files.ts';
import { readAnswer } from './critic/reviewed-answer.ts';
import { findSecrets } from './critic/secrets.ts';
import { findSyntaxErrors } from './critic/syntax.ts';
import type { Issue, IssueKind, Verdict } from './verdict.ts';

export interface CriticOptions {
  /** UTF-16 units; the syntax of a longer code block is not checked, and a warning says so. Default 500,000. */
  readonly maxBlockLength?: number;
  /** Time for parsing all code blocks of one answer; what is left then is named in warnings. Default 2,000. */
  readonly parseTimeLimitMs?: number;
}

export interface CriticPorts {
  /** A clock that never runs backwards, in milliseconds. Default `performance.now`. */
  readonly nowMs?: () => number;
  /** Runs the examples of the task against the answer's code. Default none are run. */
  readonly examples?: Pick<ExampleRunner, 'run'>;
}

/** What the critic is asked to judge. */
export interface AnswerToReview {
  readonly task: string;
  /** The last message of the specialist, as the Messages API gives it. */
  readonly message: Message;
  /** The files that the task would change in its workspace. Where there are any they are the work, and the message only tells of it. */
  readonly files?: readonly FileChange[];
  /** The text of a file of the workspace as it would be; null where there is none. Without it imports are not looked at. */
  readonly readFile?: (path: string) => string | null;
}

/**
 * Judges an answer without asking a model: no answer, refusal, cut off, elided code, secrets, code blocks that do not parse. It
 * costs no tokens. Where the examples of the task can be run, they are, last; an answer without any takes a few milliseconds once the
 * grammars that it needs are loaded.
 *
 * @example
 * const verdict = await new Critic().review({ task, message });
 * if (verdict.outcome === 'needs-repair') ask(repairPrompt(task, answerText(message), verdict.issues));
 */
export class Critic {
  readonly #options: Required<CriticOptions>;
  readonly #nowMs: () => number;
  readonly #examples: CriticPorts['examples'];

  constructor(options: CriticOptions = {}, ports: CriticPorts = {}) {
    this.#options = {
      maxBlockLength: options.maxBlockLength ?? 500_000,
      parseTimeLimitMs: options.parseTimeLimitMs ?? 2_000,
    };
    this.#nowMs = ports.nowMs ?? (() => performance.now());
    this.#examples = ports.examples;
  }

  /**
   * Runs the checks, cheapest first; no answer and a refusal end the review at once.
   * @throws The signal's reason, when it is aborted.
   */
  async review(answer: AnswerToReview, signal?: AbortSignal): Promise<Verdict> {
    signal?.throwIfAborted();
    const read = readAnswer(answer.task, answer.message);
    const hopeless = [...findNoAnswer(read), ...findRefusal(read)];
    if (hopeless.length > 0) return { outcome: outcomeOf(hopeless), issues: hopeless };

    const secrets = await findSecrets(read);
    signal?.throwIfAborted();
    if (answer.files && answer.files.length > 0) {
      const fileIssues = await findFileIssues(answer.task, answer.files, {
        readFile: answer.readFile,
        maxLength: this.#options.maxBlockLength,
        timeLimitMs: this.#options.parseTimeLimitMs,
        nowMs: this.#nowMs,
        signal,
      });
      const issues = [...findCutOff(read), ...secrets.issues, ...fileIssues];
      return { outcome: outcomeOf(issues), issues };
    }
    const syntaxErrors = await findSyntaxErrors(read, {
      maxBlockLength: this.#options.maxBlockLength,
      timeLimitMs: this.#options.parseTimeLimitMs,
      maskedText: secrets.maskedText,
      nowMs: this.#nowMs,
      signal,
    });
    const issues = [...findCutOff(read), ...findElidedCode(read), ...secrets.issues, ...syntaxErrors];
    // Code that is broken already is not worth running; the examples come when it is mended.
    const isSound = outcomeOf(issues) === 'approved';
    const failed = isSound ? ((await this.#examples?.run(read.task, read.blocks, signal)) ?? []) : [];
    return { outcome: outcomeOf([...issues, ...failed]), issues: [...issues, ...failed] };
  }
}

/** Nothing of such an answer is worth keeping. */
const hopelessKinds: ReadonlySet<IssueKind> = new Set(['no-answer', 'refusal']);

function outcomeOf(issues: readonly Issue[]): Verdict['outcome'] {
  const errors = issues.filter((issue) => issue.severity === 'error');
  if (errors.some((issue) => hopelessKinds.has(issue.kind))) return 'rejected';
  return errors.length > 0 ? 'needs-repair' : 'approved';
}
