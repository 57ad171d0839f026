import { isRecord, type OpenRecord, recordsOf, textOf } from '../messages/open-record.ts';
import type { Message, MessageParam } from '../messages/types.ts';
import type { WorkspaceTools } from '../workspace/WorkspaceTools.ts';
import type { RepeatedCalls } from './RepeatedCalls.ts';

type ContentParam = Exclude<MessageParam['content'], string>;

/** A call that was answered, for those who watch. */
export interface UsedTool {
  readonly name: string;
  /** What it was used on: a path, a pattern; empty where it says neither. */
  readonly subject: string;
  readonly isError: boolean;
}

interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly input: OpenRecord;
  /** Whether the answer ended inside of it, so that its input is not whole. */
  readonly isCut: boolean;
}

export interface AnsweredCalls {
  /** One result for each call, in order. */
  readonly results: ContentParam;
  readonly used: readonly UsedTool[];
  /** Whether the same call has come so often that it leads nowhere. */
  readonly isStuck: boolean;
}

/** An answer's tool calls, and the answer as it goes into the conversation. */
export interface ToolCalls {
  readonly assistant: MessageParam;
  readonly requested: readonly ToolCall[];
  /** Runs them one after the other; `notice` is put beside the last result. */
  answer(
    tools: WorkspaceTools,
    repeated: RepeatedCalls,
    signal: AbortSignal,
    notice: string | null,
  ): Promise<AnsweredCalls>;
}

/**
 * Reads an answer for the loop. Left out of the conversation is what the API refuses to see again: empty text, and thinking without
 * Claude's signature. An id that is not valid, or was used before, is replaced.
 */
export function toolCallsOf(message: Message, usedIds: Set<string>): ToolCalls {
  const requested: ToolCall[] = [];
  const blocks = recordsOf(message.content);
  const kept: OpenRecord[] = [];
  for (const [index, block] of blocks.entries()) {
    if (block['type'] === 'text' && textOf(block['text']).trim() === '') continue;
    if (block['type'] === 'thinking' && textOf(block['signature']) === '') continue;
    if (block['type'] !== 'tool_use') {
      kept.push(block);
      continue;
    }
    const isCut = message.stop_reason === 'max_tokens' && index === blocks.length - 1;
    const call = {
      id: freshId(textOf(block['id']), usedIds),
      name: textOf(block['name']) || 'unnamed',
      input: isRecord(block['input']) ? block['input'] : {},
      isCut,
    };
    requested.push(call);
    kept.push({ type: 'tool_use', id: call.id, name: call.name, input: call.input });
  }
  const content = (kept.length > 0
    ? kept
    : [{ type: 'text', text: '[no answer]' }]) as unknown as ContentParam;
  return {
    assistant: { role: 'assistant', content },
    requested,
    answer: (tools, repeated, signal, notice) => answerCalls(requested, tools, repeated, signal, notice),
  };
}

async function answerCalls(
  calls: readonly ToolCall[],
  tools: WorkspaceTools,
  repeated: RepeatedCalls,
  signal: AbortSignal,
  notice: string | null,
): Promise<AnsweredCalls> {
  const results: OpenRecord[] = [];
  const used: UsedTool[] = [];
  let isStuck = false;
  for (const [index, call] of calls.entries()) {
    const count = repeated.count(call.name, call.input);
    isStuck ||= count === 'stuck' && !call.isCut;
    const { text, isError } = call.isCut
      ? { text: cutOff, isError: true }
      : count === 'run'
        ? await tools.call(call.name, call.input, signal)
        : { text: repetition, isError: true };
    const content = notice !== null && index === calls.length - 1 ? `${text}\n\n${notice}` : text;
    results.push({ type: 'tool_result', tool_use_id: call.id, content, ...(isError && { is_error: true }) });
    used.push({ name: call.name, subject: subjectOf(call.input), isError });
  }
  return { results: results as unknown as ContentParam, used, isStuck };
}

const cutOff =
  'Your answer was cut off by its output limit inside of this call, so nothing was done. Make it smaller: write a long file in parts, ' +
  'the beginning with write_file and the rest with edit_file.';

const repetition =
  'You have made this very call before, no file has changed since, and the answer is the same. Do something else, or finish with what you know.';

function subjectOf(input: OpenRecord): string {
  const subject = [input['path'], input['pattern'], input['file_path']].find(
    (each) => typeof each === 'string' && each !== '',
  );
  return typeof subject === 'string' ? subject.slice(0, 200) : '';
}

function freshId(id: string, usedIds: Set<string>): string {
  const isFresh = /^[a-zA-Z0-9_-]+$/.test(id) && !usedIds.has(id);
  const chosen = isFresh ? id : `call_${usedIds.size + 1}_${usedIds.size.toString(36)}`;
  usedIds.add(chosen);
  return chosen;
}
