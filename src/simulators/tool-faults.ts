import { type AnswerRequest, toolCall } from './built-in-answer.ts';
import type { Fault } from './fault.ts';
import type { AnswerBlock } from './scripted-answer.ts';

/**
 * Spoils the tool calls of an answer as the fault asks. An answer that calls none gets a call of the first offered tool before it is
 * spoilt; where none is offered, it stays as it is. Every other fault changes nothing.
 */
export function spoilToolCalls(
  content: readonly AnswerBlock[],
  fault: Fault | undefined,
  request: AnswerRequest,
): readonly AnswerBlock[] {
  if (fault?.kind !== 'tool-call-as-text' && fault?.kind !== 'broken-tool-json') return content;
  return withCall(content, request).map((block) => {
    if (block.type !== 'tool_use') return block;
    if (fault.kind === 'tool-call-as-text')
      return { type: 'text', text: callAsText(block, fault.form ?? 'json') };
    return { ...block, inputText: brokenJson(block.input) };
  });
}

/** The call as models write it that were not trained on the server's format. */
export function callAsText(
  call: { readonly name: string; readonly input: unknown; readonly inputText?: string },
  form: 'json' | 'fenced' | 'tagged',
): string {
  const json = `{"name": ${JSON.stringify(call.name)}, "arguments": ${call.inputText ?? JSON.stringify(call.input)}}`;
  switch (form) {
    case 'json':
      return json;
    case 'fenced':
      return `I will use a tool.\n\n\`\`\`json\n${json}\n\`\`\``;
    case 'tagged':
      return `<tool_call>\n${json}\n</tool_call>`;
  }
}

function withCall(content: readonly AnswerBlock[], request: AnswerRequest): readonly AnswerBlock[] {
  if (content.some((block) => block.type === 'tool_use')) return content;
  const call = toolCall(request, request.markers.tool ?? '');
  return call === null ? content : [...content.filter((block) => block.type !== 'text'), call];
}

/** The JSON without its last brace and with a comma too many: broken, and what was meant is plain to see. */
function brokenJson(input: unknown): string {
  return `${JSON.stringify(input).slice(0, -1)},`;
}
