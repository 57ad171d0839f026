import { type Specialist, SpecialistError, type SpecialistFailure } from '../agents/Specialist.ts';
import { conversationBytes, shortenConversation } from '../messages/shorten-conversation.ts';
import type { Message, MessagesRequest } from '../messages/types.ts';
import type { AnswerStream } from './answer-stream.ts';
import type { RelayedAnswer } from './relayed-answer.ts';

export type OllamaOutcome =
  | { readonly kind: 'answered'; readonly message: Message; readonly shortened: string | null }
  /** A sentence without its full stop; nothing was sent to the client unless the answer has begun. */
  | { readonly kind: 'failed'; readonly reason: string; readonly failure: SpecialistFailure }
  | { readonly kind: 'client-gone' };

/** Each round leaves out a quarter of what is left, so ten come down to a twentieth. */
const shorteningRounds = 10;
const shorteningShare = 0.25;

/**
 * Has Ollama answer, event by event into the answer's stream. A conversation that is longer than the model's context is shortened by
 * `shortenConversation`, round by round, and the user is told; the model itself is never given a silently truncated one.
 */
export async function answerWithOllama(
  request: MessagesRequest,
  resumed: RelayedAnswer | null,
  answer: AnswerStream,
  ollama: Specialist,
  signal: AbortSignal,
): Promise<OllamaOutcome> {
  let asked = resumed === null ? request : continuationOf(request, resumed);
  let thinkingBlocks = 0;
  let toolResults = 0;
  let shortened: string | null = null;
  for (let round = 0; ; round += 1) {
    try {
      const message = await ollama.send(asked, { signal, onEvent: (event) => answer.take(event) });
      answer.end(message);
      return { kind: 'answered', message, shortened };
    } catch (error) {
      if (signal.aborted) return { kind: 'client-gone' };
      if (!(error instanceof SpecialistError)) throw error;
      const isTooLong = error.failure === 'context-too-long';
      const removeBytes = conversationBytes(asked) * shorteningShare;
      const shorter = isTooLong && round < shorteningRounds ? shortenConversation(asked, removeBytes) : null;
      if (shorter === null)
        return { kind: 'failed', reason: error.message.replace(/\.$/, ''), failure: error.failure };
      thinkingBlocks += shorter.thinkingBlocks;
      toolResults += shorter.toolResults;
      shortened = `${thinkingBlocks} old thinking blocks and ${toolResults} old tool results were left out`;
      answer.note(
        'shortened',
        `[ClaudeTeelamma: the conversation is longer than the context of ${ollama.model}; ${shortened}.]`,
      );
      asked = shorter.request;
    }
  }
}

/** Asks for the rest of an answer of which the client has the text so far. */
function continuationOf(request: MessagesRequest, { text }: RelayedAnswer): MessagesRequest {
  if (text.trim() === '') return request;
  const instruction =
    'The connection broke while you were writing this answer. Go on exactly where it stops: do not repeat anything, do not begin anew, do not mention the interruption.';
  return {
    ...request,
    messages: [
      ...request.messages,
      { role: 'assistant', content: text.trimEnd() },
      { role: 'user', content: instruction },
    ],
  };
}
