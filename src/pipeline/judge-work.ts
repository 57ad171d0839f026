import type { Critic } from '../agents/Critic.ts';
import { answerText } from '../agents/critic/answer-text.ts';
import { extractCodeBlocks } from '../agents/critic/code-blocks.ts';
import { asksForExcerpt } from '../agents/critic/elided-code.ts';
import type { Issue, Verdict } from '../agents/verdict.ts';
import type { Message } from '../messages/types.ts';
import type { CheckRun } from '../workspace/checks/CheckReport.ts';
import type { WorkspaceChecks } from '../workspace/WorkspaceChecks.ts';
import type { WorkspaceStage } from '../workspace/WorkspaceStage.ts';

export interface WorkToJudge {
  readonly task: string;
  /** The last message of whoever worked on it. */
  readonly message: Message;
  /** Why the work was stopped before it had finished; null where it was not. */
  readonly stoppedBy: string | null;
  readonly stage: WorkspaceStage;
}

export interface JudgePorts {
  readonly critic: Critic;
  /** The project's own checks; without them, the critic's alone count. */
  readonly checks?: WorkspaceChecks | undefined;
  readonly onChecks: () => void;
  /** Told of each check that was run. */
  readonly onRan?: ((run: CheckRun) => void) | undefined;
}

/** A code block of so many lines is work, not a word of explanation. */
const fewestLines = 3;

/** Judges work in a workspace: the files that would change, what is said of them, and, where these are well, the project's checks. */
export async function judgeWork(work: WorkToJudge, ports: JudgePorts, signal: AbortSignal): Promise<Verdict> {
  const files = work.stage.changes();
  const message = work.stoppedBy === null ? work.message : saying(work.message, work.stoppedBy);
  const verdict = addIssues(
    await ports.critic.review({ task: work.task, message, files, readFile: readerOf(work.stage) }, signal),
    unfinished(work, files.length),
  );
  if (verdict.outcome !== 'approved' || files.length === 0 || !ports.checks) return verdict;
  ports.onChecks();
  const { task, stage } = work;
  const { onRan } = ports;
  const staged = { task, workspaceFolder: stage.folder, changes: files, ...(onRan && { onRan }) };
  return addIssues(verdict, await ports.checks.run(staged, signal));
}

function readerOf(stage: WorkspaceStage): (path: string) => string | null {
  return (path) => {
    const image = stage.imageAt(path);
    return image !== null && 'content' in image ? image.content.toString() : null;
  };
}

/** A verdict with more issues; one that was approved no longer is where one of them is an error. */
export function addIssues(verdict: Verdict, more: readonly Issue[]): Verdict {
  const isWorse = verdict.outcome === 'approved' && more.some(({ severity }) => severity === 'error');
  return { outcome: isWorse ? 'needs-repair' : verdict.outcome, issues: [...verdict.issues, ...more] };
}

function unfinished({ task, message, stoppedBy }: WorkToJudge, fileCount: number): readonly Issue[] {
  if (stoppedBy !== null) return [{ kind: 'unfinished', severity: 'error', message: stoppedBy }];
  const isOnlyWords =
    fileCount === 0 &&
    !asksForExcerpt(task) &&
    extractCodeBlocks(answerText(message)).some(({ code }) => code.trim().split('\n').length >= fewestLines);
  if (!isOnlyWords) return [];
  const words =
    'The code stands only in the answer, and no file was changed: put it into the files with write_file and edit_file.';
  return [{ kind: 'unfinished', severity: 'error', message: words }];
}

/** A stopped answer asks for tools that are not called any more; what is judged of it is why it stopped. */
function saying(message: Message, text: string): Message {
  return { ...message, stop_reason: 'end_turn', content: [{ type: 'text', text, citations: null }] };
}
