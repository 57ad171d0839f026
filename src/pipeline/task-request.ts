import type { MessageParam, MessagesRequest } from '../messages/types.ts';

const system =
  'You are a careful software engineer. Do the whole task and nothing beside it. Write code out in full, in fenced blocks with ' +
  'their language; never leave parts out or put a placeholder in their place. Where the task leaves something open, choose what an ' +
  'expert would and say so in a sentence.';

/** The request that a task is asked with, in Messages form; `model` is the specialist's own. */
export function taskRequest(messages: readonly MessageParam[], maxTokens: number): MessagesRequest {
  return { model: '', max_tokens: maxTokens, system, messages: [...messages] };
}
