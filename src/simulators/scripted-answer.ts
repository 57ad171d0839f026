import type { TokenUsage } from '../messages/token-usage.ts';
import type { Fault } from './fault.ts';

/**
 * What a simulator answers to one model call. A scripted text is sent as it is, without the mark that the built-in answers carry.
 * An answer longer than the request allows is cut there.
 */
export interface ScriptedAnswer {
  /** Short for one text block. */
  readonly text?: string;
  /** Wins over `text`. With neither, the built-in answer is given. */
  readonly content?: readonly AnswerBlock[];
  /** Claude's `stop_reason` or Ollama's `done_reason`. Default: what follows from the content. */
  readonly stopReason?: string;
  /** Replaces the counted tokens, each by itself; `absent` leaves the counts out (Ollama only). */
  readonly usage?: Partial<TokenUsage> | 'absent';
  readonly fault?: Fault;
}

/** One block of an answer. */
export type AnswerBlock =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly thinking: string }
  | {
      readonly type: 'tool_use';
      /** Default: derived from the request. */
      readonly id?: string;
      readonly name: string;
      readonly input: Readonly<Record<string, unknown>>;
      /** Sent in place of the JSON of `input`, however broken. */
      readonly inputText?: string;
    };

/**
 * Chooses the answer to a model call: `undefined` leaves it to the script and then to the built-in answers. `callIndex` counts the
 * model calls of this simulator from 0; other requests do not count.
 */
export type Respond<Request> = (
  request: Request,
  callIndex: number,
) => ScriptedAnswer | undefined | Promise<ScriptedAnswer | undefined>;

/** The content of an answer that says what it is; null where only its faults or its usage are scripted. */
export function answerBlocks({ content, text }: ScriptedAnswer): readonly AnswerBlock[] | null {
  if (content !== undefined) return content;
  return text === undefined ? null : [{ type: 'text', text }];
}
