import type { AnswerRequest } from '../built-in-answer.ts';
import { readPromptMarkers } from '../prompt-markers.ts';
import type { MessagesBody, RequestMessage } from './claude-request.ts';

/** The request in the terms of the built-in answers. Markers count in a prompt that is new: not again after its tool results. */
export function claudeAnswerRequest(body: MessagesBody): AnswerRequest {
  const { messages } = body;
  const at = messages.findLastIndex((message) => message.role === 'user' && texts(message).length > 0);
  const prompt = at < 0 ? '' : texts(messages[at]).join('\n');
  const toolResults = messages.slice(Math.max(at, 0)).flatMap(results);
  const isFollowUp = messages.slice(0, Math.max(at, 0)).some((message) => message.role === 'assistant');
  const markers = readPromptMarkers(prompt, 'sim', isFollowUp);
  const { fault: _shown, ...style } = markers;
  return {
    model: body.model,
    prompt,
    toolResults,
    tools: (body.tools ?? [])
      .filter((tool) => tool.input_schema !== undefined)
      .map((tool) => ({ name: tool.name, schema: tool.input_schema })),
    wantsThinking: body.thinking !== undefined && body.thinking.type !== 'disabled',
    format: outputSchema(body),
    markers: toolResults.length > 0 ? style : markers,
  };
}

function texts(message: RequestMessage | undefined): string[] {
  if (message === undefined) return [];
  if (typeof message.content === 'string') return [message.content];
  return message.content.flatMap((block) => (typeof block['text'] === 'string' ? [block['text']] : []));
}

function results(message: RequestMessage): string[] {
  if (message.role !== 'user' || typeof message.content === 'string') return [];
  return message.content
    .filter((block) => block.type === 'tool_result')
    .map((block) =>
      typeof block['content'] === 'string' ? block['content'] : JSON.stringify(block['content'] ?? ''),
    );
}

function outputSchema(body: MessagesBody): unknown {
  const config = body['output_config'] as
    | { format?: { type?: unknown; schema?: unknown } | null }
    | null
    | undefined;
  return config?.format?.type === 'json_schema' ? config.format.schema : undefined;
}
