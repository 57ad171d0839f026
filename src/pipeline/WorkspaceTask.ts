import type { AgentName } from '../agents/Specialist.ts';
import type { Verdict } from '../agents/verdict.ts';
import { shortenConversation } from '../messages/shorten-conversation.ts';
import type { MessageParam, MessagesRequest } from '../messages/types.ts';
import type { ChangedFile } from '../task-events.ts';
import { NoSpecialistAvailableError } from '../turn/NoSpecialistAvailableError.ts';
import type { TurnResult } from '../turn/turn-types.ts';
import { type FileChange, imageBefore } from '../workspace/FileChange.ts';
import { Refusal } from '../workspace/Refusal.ts';
import { unifiedDiff } from '../workspace/unified-diff.ts';
import { type StageSnapshot, WorkspaceStage } from '../workspace/WorkspaceStage.ts';
import { WorkspaceTools } from '../workspace/WorkspaceTools.ts';
import { isTooLong } from './is-too-long.ts';
import { type JudgePorts, judgeWork } from './judge-work.ts';
import { RepeatedCalls } from './RepeatedCalls.ts';
import { toolCallsOf, type UsedTool } from './tool-calls.ts';
import { workspaceRequest } from './workspace-request.ts';

export interface WorkspaceTaskOptions {
  /** Most turns of one task, all specialists and rounds together. */
  readonly maxTurns: number;
  /** Most tokens of all turns together, whoever pays for them. */
  readonly maxTokens: number;
  /** Time after which no further turn is begun. */
  readonly timeLimitMs: number;
  /** Most output tokens of one turn. */
  readonly maxOutputTokens: number;
  readonly closedFolders: readonly string[];
}

export interface WorkspaceTaskPorts {
  readonly nowMs: () => number;
}

/** What the loop asks of whoever runs it. */
export interface WorkHooks {
  /** One model call; the answer may come from the other specialist. */
  readonly ask: (agent: AgentName, request: MessagesRequest) => Promise<TurnResult>;
  readonly onTool: (agent: AgentName, used: UsedTool) => void;
  readonly onWarning: (message: string) => void;
  readonly signal: AbortSignal;
}

/** How far a specialist came. */
export interface Work {
  /** The last model call. */
  readonly turn: TurnResult;
  /** Why it was stopped before it had finished, a whole sentence; null where it finished by itself. */
  readonly stoppedBy: string | null;
}

/** The state of the work, to come back to: staged files and conversation. */
export interface WorkState {
  readonly files: StageSnapshot;
  readonly messages: readonly MessageParam[];
  readonly seen: ReadonlyMap<string, string>;
}

/** Each round of shortening leaves out a quarter of the conversation. */
const shorteningShare = 0.25;
const shorteningRounds = 10;

/**
 * A task over the files of a workspace: the conversation with the specialists, turn by turn, their tools on the stage, and the limits.
 * When a turn is asked for every tool call has its result, so the other specialist can take over at each, with the whole of it.
 */
export class WorkspaceTask {
  private readonly task: string;
  private readonly stage: WorkspaceStage;
  private readonly options: WorkspaceTaskOptions;
  private readonly nowMs: () => number;
  private readonly startedAtMs: number;
  private readonly tools: WorkspaceTools;
  private readonly usedIds = new Set<string>();
  private messages: MessageParam[];
  private turns = 0;
  private tokens = 0;

  private constructor(
    task: string,
    stage: WorkspaceStage,
    options: WorkspaceTaskOptions,
    ports: WorkspaceTaskPorts,
  ) {
    this.task = task;
    this.stage = stage;
    this.options = options;
    this.nowMs = ports.nowMs;
    this.startedAtMs = ports.nowMs();
    this.tools = new WorkspaceTools(stage);
    this.messages = [{ role: 'user', content: task }];
  }

  /** @throws TeelammaError `invalid-argument` where the folder is none, or cannot be read */
  static open(
    task: string,
    workspace: string | WorkspaceStage,
    options: WorkspaceTaskOptions,
    ports: WorkspaceTaskPorts,
  ): WorkspaceTask {
    const { closedFolders } = options;
    const stage =
      typeof workspace === 'string' ? WorkspaceStage.open(workspace, { closedFolders }) : workspace;
    return new WorkspaceTask(task, stage, options, ports);
  }

  /** Says something to whoever works on it next. */
  tell(text: string): void {
    this.messages.push({ role: 'user', content: text });
  }

  /** Why no further turn is begun, a whole sentence; null while one may be. */
  limit(): string | null {
    const { maxTurns, maxTokens, timeLimitMs } = this.options;
    if (this.turns >= maxTurns) {
      return `The work was stopped after ${maxTurns} turns, the most that one task may take (workspace.maxTurns).`;
    }
    if (this.tokens >= maxTokens) {
      return `The work was stopped after ${this.tokens} tokens; one task may take ${maxTokens} (workspace.maxTokens).`;
    }
    if (this.nowMs() - this.startedAtMs >= timeLimitMs) {
      return `The work was stopped after ${Math.round(timeLimitMs / 1_000)} s, the longest that one task may take (workspace.timeout).`;
    }
    return null;
  }

  /** Has a specialist work until it answers without asking for a tool, or until a limit is reached. */
  async work(agent: AgentName, hooks: WorkHooks): Promise<Work> {
    const repeated = new RepeatedCalls(this.stage);
    let current = agent;
    for (;;) {
      const turn = await this.turn(current, hooks);
      // Who took over goes on: what kept the other from this turn keeps it from the next as a rule, and each change costs a whole prompt.
      current = turn.agent;
      const calls = toolCallsOf(turn.message, this.usedIds);
      this.messages.push(calls.assistant);
      if (calls.requested.length === 0) return { turn, stoppedBy: null };
      const limit = this.limit();
      const { results, used, isStuck } = await calls.answer(
        this.tools,
        repeated,
        hooks.signal,
        this.notice(limit),
      );
      this.messages.push({ role: 'user', content: results });
      for (const each of used) hooks.onTool(turn.agent, each);
      if (limit !== null) return { turn, stoppedBy: limit };
      if (isStuck)
        return {
          turn,
          stoppedBy:
            'The work was stopped because the same tool was called with the same input again and again.',
        };
    }
  }

  /** What the critic and the project's checks say of the work as it is. */
  judge({ turn, stoppedBy }: Work, ports: JudgePorts, signal: AbortSignal): Promise<Verdict> {
    return judgeWork({ task: this.task, message: turn.message, stoppedBy, stage: this.stage }, ports, signal);
  }

  /** Every file that would change in the folder. */
  changes(): readonly FileChange[] {
    return this.stage.changes();
  }

  /** Lines of a file as it is staged, of one that is deleted as it was; null where there is none. */
  linesOf(path: string): number | null {
    const file = this.stage.read(path);
    if (!(file instanceof Refusal)) return countLines(file.image.content.toString());
    const deleted = this.stage.changes().find((change) => change.path === path);
    const image = deleted ? imageBefore(deleted) : null;
    return image && countLines(image.content.toString());
  }

  /** What would change in the folder, for people to read. */
  files(): readonly ChangedFile[] {
    return this.stage.changes().map((change) => ({
      path: change.path,
      status: change.status,
      diff: unifiedDiff(change),
    }));
  }

  /** What there is now, to be restored if what comes next is no better. */
  state(): WorkState {
    return { files: this.stage.snapshot(), messages: [...this.messages], seen: this.tools.seenFiles() };
  }

  restore(state: WorkState): void {
    this.stage.restore(state.files);
    this.tools.restoreSeen(state.seen);
    this.messages = [...state.messages];
  }

  /** Begins the conversation anew, with the files as they are staged. */
  beginAnew(): void {
    const changed = this.stage.changes().map(({ path, status }) => `${status} ${path}`);
    const soFar =
      changed.length === 0
        ? ''
        : `\n\nFiles changed so far in this task, by somebody else:\n${changed.join('\n')}`;
    this.messages = [{ role: 'user', content: this.task + soFar }];
  }

  /** One turn; where the conversation is longer than the context of the only specialist that is left, it is shortened first. */
  private async turn(agent: AgentName, hooks: WorkHooks): Promise<TurnResult> {
    for (let round = 0; ; round += 1) {
      const request = workspaceRequest(this.messages, this.options.maxOutputTokens, this.tools.definitions);
      try {
        const turn = await hooks.ask(agent, request);
        this.turns += 1;
        const { inputTokens, cacheCreationInputTokens, cacheReadInputTokens, outputTokens } = turn.usage;
        this.tokens += inputTokens + cacheCreationInputTokens + cacheReadInputTokens + outputTokens;
        return turn;
      } catch (error) {
        if (!(error instanceof NoSpecialistAvailableError) || !isTooLong(error) || round >= shorteningRounds)
          throw error;
        const size = Buffer.byteLength(JSON.stringify(this.messages));
        const shorter = shortenConversation(request, size * shorteningShare);
        if (shorter === null) throw error;
        this.messages = [...shorter.request.messages];
        hooks.onWarning(
          `The conversation is longer than the model's context: ${shorter.toolResults} old tool results were left out of it`,
        );
      }
    }
  }

  /** What the model is told beside its tool results when the end is near. */
  private notice(limit: string | null): string | null {
    if (limit !== null) return null;
    const left = this.options.maxTurns - this.turns;
    return left > 2
      ? null
      : `Only ${left} more of your answers can be taken. Finish the work now, then answer without calling a tool.`;
  }
}

function countLines(text: string): number {
  return text === '' ? 0 : text.replace(/\n$/, '').split('\n').length;
}
