import type { AnswerRequest } from '../built-in-answer.ts';
import { readPromptMarkers } from '../prompt-markers.ts';
import type { ChatBody, ChatMessage } from './chat-request.ts';

/** The request in the terms of the built-in answers. Markers count in a prompt that is new: not again after its tool results. */
export function ollamaAnswerRequest(
  body: ChatBody,
  messages: readonly ChatMessage[],
  canThink: boolean,
): AnswerRequest {
  const at = messages.findLastIndex((message) => message.role === 'user');
  const prompt = messages[at]?.content ?? '';
  const toolResults = messages
    .slice(Math.max(at, 0))
    .filter((message) => message.role === 'tool')
    .map((message) => message.content ?? '');
  const isFollowUp = messages.slice(0, Math.max(at, 0)).some((message) => message.role === 'assistant');
  const markers = readPromptMarkers(prompt, 'sim-ollama', isFollowUp);
  const { fault: _shown, ...style } = markers;
  return {
    model: body.model,
    prompt,
    toolResults,
    tools: (body.tools ?? []).map((tool) => ({
      name: tool.function.name ?? '',
      schema: tool.function.parameters,
    })),
    // A model that can think does, unless it is told not to.
    wantsThinking: canThink && body.think !== false,
    format: body.format === null || body.format === '' ? undefined : body.format,
    markers: toolResults.length > 0 ? style : markers,
  };
}
