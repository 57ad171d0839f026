import type { Tool as OllamaTool } from 'ollama/browser';
import { isRecord, type OpenRecord, recordsOf, textOf } from './open-record.ts';

/** A tool that runs at the client, with its JSON schema. */
export interface OfferedTool {
  readonly name: string;
  readonly description: string;
  readonly schema: OpenRecord;
}

/** Tools of the request that the model may be told of, after `tool_choice`; what is left out is added to the notes. */
export function offeredTools(fields: OpenRecord, notes: Set<string>): readonly OfferedTool[] {
  const choice = isRecord(fields['tool_choice']) ? fields['tool_choice'] : {};
  if (choice['type'] === 'none') return [];
  const tools: OfferedTool[] = [];
  for (const tool of recordsOf(fields['tools'])) {
    const name = textOf(tool['name']);
    if (!isRecord(tool['input_schema'])) {
      notes.add(
        `The tool ${name || textOf(tool['type'])} runs at Anthropic or has its schema there; left out.`,
      );
    } else {
      tools.push({ name, description: textOf(tool['description']), schema: tool['input_schema'] });
    }
  }
  const only = choice['type'] === 'tool' ? tools.filter((tool) => tool.name === choice['name']) : tools;
  return only.length > 0 ? only : tools;
}

/** The tool as `/api/chat` takes it. */
export function nativeTool(tool: OfferedTool): OllamaTool {
  return {
    type: 'function',
    function: { name: tool.name, description: tool.description, parameters: { ...tool.schema } },
  };
}

/** The tools as a part of the system prompt, with the form in which a call is to be written. */
export function toolsInWords(tools: readonly OfferedTool[]): string {
  const lines = tools.map((tool) =>
    JSON.stringify({ name: tool.name, description: tool.description, parameters: tool.schema }),
  );
  return [
    'You can call these tools, one JSON description a line:',
    ...lines,
    'To call one, answer with exactly this and nothing after it:',
    '<tool_call>',
    '{"name": "<tool name>", "arguments": {<its arguments as JSON>}}',
    '</tool_call>',
    'The result comes in the next message.',
  ].join('\n');
}

/** What `tool_choice` asks for, as sentences for the system prompt; `/api/chat` cannot force a call. */
export function choiceInWords(choice: unknown, tools: readonly OfferedTool[]): readonly string[] {
  if (!isRecord(choice) || tools.length === 0) return [];
  const words: string[] = [];
  if (choice['type'] === 'any') words.push('Answer with a tool call, not with text.');
  if (choice['type'] === 'tool') words.push(`Answer with a call of the tool ${textOf(choice['name'])}.`);
  if (choice['disable_parallel_tool_use'] === true) words.push('Call at most one tool in an answer.');
  return words;
}
