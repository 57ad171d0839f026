import type { Message as OllamaMessage, Tool as OllamaTool } from 'ollama/browser';
import { blocksOf, isRecord, type OpenRecord, recordsOf, textOf } from './open-record.ts';
import {
  choiceInWords,
  nativeTool,
  type OfferedTool,
  offeredTools,
  toolsInWords,
} from './to-ollama-tools.ts';
import type { MessagesRequest } from './types.ts';

/** What the model can do, as Ollama's `/api/show` tells it. */
export interface OllamaAbilities {
  readonly tools: boolean;
  readonly vision: boolean;
  readonly thinking: boolean;
}

/** A Messages request in the words of Ollama's `/api/chat`; context size, model and `keep_alive` are the caller's. */
export interface OllamaChat {
  readonly messages: readonly OllamaMessage[];
  readonly tools?: OllamaTool[];
  readonly format?: object;
  readonly think?: boolean;
  readonly options: OllamaOptions;
  /** Tools that the model was told of, natively or in words. */
  readonly offeredTools: readonly OfferedTool[];
  /** What the model is not given, or is given in another form than was asked; whole sentences. Empty when nothing was lost. */
  readonly notes: readonly string[];
}

export interface OllamaOptions {
  readonly num_predict: number;
  readonly stop?: string[];
  readonly temperature?: number;
  readonly top_p?: number;
  readonly top_k?: number;
}

/**
 * Translates a Messages request for a model with these abilities. Nothing is dropped silently: `notes` names it. Tools are described
 * in the system prompt where the model has no tool calling of its own; `tool_choice` is asked for in words, because `/api/chat`
 * cannot force a call (https://github.com/ollama/ollama/blob/main/docs/api.md).
 */
export function toOllama(request: MessagesRequest, abilities: OllamaAbilities): OllamaChat {
  const notes = new Set<string>();
  const fields: OpenRecord = { ...request };
  const tools = offeredTools(fields, notes);
  const describesTools = tools.length > 0 && !abilities.tools;
  if (describesTools)
    notes.add('The model has no tool calling; the tools are described to it in the prompt.');

  const system = [
    ...blocksOf(fields['system']).map((block) => textOf(block['text'])),
    ...(describesTools ? [toolsInWords(tools)] : []),
    ...choiceInWords(fields['tool_choice'], tools),
  ].filter((text) => text !== '');
  const context: Context = { abilities, toolsAreText: !abilities.tools, notes, toolNames: new Map() };
  const messages: OllamaMessage[] = [];
  if (system.length > 0) messages.push({ role: 'system', content: system.join('\n\n') });
  for (const message of request.messages) messages.push(...translateMessage({ ...message }, context));

  const format = jsonSchema(fields['output_config'], tools, notes);
  return {
    messages,
    ...(tools.length > 0 && abilities.tools ? { tools: tools.map(nativeTool) } : {}),
    ...(format === undefined ? {} : { format }),
    ...(abilities.thinking ? { think: wantsThinking(fields['thinking']) } : {}),
    options: samplingOptions(fields),
    offeredTools: tools,
    notes: [...notes],
  };
}

interface Context {
  readonly abilities: OllamaAbilities;
  readonly toolsAreText: boolean;
  readonly notes: Set<string>;
  /** Tool names by the id of their call, which a result only refers to. */
  readonly toolNames: Map<string, string>;
}

function translateMessage(message: OpenRecord, context: Context): readonly OllamaMessage[] {
  const blocks = blocksOf(message['content']);
  switch (message['role']) {
    case 'assistant':
      return assistantMessage(blocks, context);
    case 'system':
      return textMessage('system', blocks, context);
    default:
      return userMessages(blocks, context);
  }
}

function textMessage(
  role: string,
  blocks: readonly OpenRecord[],
  context: Context,
): readonly OllamaMessage[] {
  const content = joinText(blocks.map((block) => blockText(block, context)));
  return content === '' ? [] : [{ role, content }];
}

function assistantMessage(blocks: readonly OpenRecord[], context: Context): readonly OllamaMessage[] {
  const texts: string[] = [];
  const thoughts: string[] = [];
  const calls: OpenRecord[] = [];
  for (const block of blocks) {
    if (block['type'] === 'thinking') thoughts.push(textOf(block['thinking']));
    else if (block['type'] === 'redacted_thinking') context.notes.add('Redacted thinking was left out.');
    else if (block['type'] === 'tool_use') {
      context.toolNames.set(textOf(block['id']), textOf(block['name']));
      calls.push(block);
    } else texts.push(blockText(block, context));
  }
  const thinking = thoughts.join('\n\n');
  if (thinking !== '' && !context.abilities.thinking) context.notes.add('Earlier thinking was left out.');
  if (context.toolsAreText) {
    texts.push(...calls.map((call) => `<tool_call>\n${callJson(call)}\n</tool_call>`));
  }
  const content = joinText(texts);
  const toolCalls = context.toolsAreText ? [] : calls;
  if (content === '' && toolCalls.length === 0) return [];
  return [
    {
      role: 'assistant',
      content,
      ...(thinking !== '' && context.abilities.thinking ? { thinking } : {}),
      ...(toolCalls.length > 0 ? { tool_calls: toolCalls.map(nativeCall) } : {}),
    },
  ];
}

function nativeCall(call: OpenRecord): { function: { name: string; arguments: Record<string, unknown> } } {
  const input = call['input'];
  return { function: { name: textOf(call['name']), arguments: isRecord(input) ? { ...input } : {} } };
}

function callJson(call: OpenRecord): string {
  return JSON.stringify({ name: call['name'], arguments: call['input'] });
}

/** Results come first, each its own message, as `/api/chat` wants them right after the calls; then what the user adds. */
function userMessages(blocks: readonly OpenRecord[], context: Context): readonly OllamaMessage[] {
  const results: OllamaMessage[] = [];
  const texts: string[] = [];
  const images: string[] = [];
  for (const block of blocks) {
    if (block['type'] === 'tool_result') results.push(toolResult(block, images, context));
    else if (block['type'] === 'image') texts.push(imageText(block, images, context));
    else texts.push(blockText(block, context));
  }
  const content = joinText(texts);
  if (content === '' && images.length === 0) return results;
  return [...results, { role: 'user', content, ...(images.length > 0 ? { images } : {}) }];
}

function toolResult(block: OpenRecord, images: string[], context: Context): OllamaMessage {
  const name = context.toolNames.get(textOf(block['tool_use_id'])) ?? '';
  const parts = blocksOf(block['content']).map((part) =>
    part['type'] === 'image' ? imageText(part, images, context) : blockText(part, context),
  );
  const text = joinText(parts);
  const content = block['is_error'] === true ? `Error: ${text || 'the tool failed'}` : text;
  if (context.toolsAreText) {
    return {
      role: 'user',
      content: `<tool_response name=${JSON.stringify(name)}>\n${content}\n</tool_response>`,
    };
  }
  return { role: 'tool', content, ...(name === '' ? {} : { tool_name: name }) };
}

/** Takes the picture along where the model sees; what remains in the text says where it was. */
function imageText(block: OpenRecord, images: string[], context: Context): string {
  const source = isRecord(block['source']) ? block['source'] : {};
  if (!context.abilities.vision) {
    context.notes.add('The model does not see pictures; they were left out.');
    return '[a picture that this model cannot see]';
  }
  if (source['type'] !== 'base64') {
    context.notes.add(
      `A picture given by ${textOf(source['type'])} was left out; only base64 can be passed on.`,
    );
    return '[a picture that was not passed on]';
  }
  images.push(textOf(source['data']));
  return '';
}

function blockText(block: OpenRecord, context: Context): string {
  switch (block['type']) {
    case 'text':
      return textOf(block['text']);
    case 'document':
      return documentText(block, context);
    case 'search_result': {
      const text = joinText(recordsOf(block['content']).map((part) => textOf(part['text'])));
      return `[${textOf(block['title'])}, ${textOf(block['source'])}]\n${text}`;
    }
    case 'tool_reference':
      return `[tool ${textOf(block['tool_name'])}]`;
    default: {
      const type = textOf(block['type']) || 'unknown';
      context.notes.add(`A block of type ${type} was left out.`);
      return `[a block of type ${type} that was not passed on]`;
    }
  }
}

function documentText(block: OpenRecord, context: Context): string {
  const source = isRecord(block['source']) ? block['source'] : {};
  const title = textOf(block['title']) || 'document';
  if (source['type'] === 'text') return `[${title}]\n${textOf(source['data'])}`;
  if (source['type'] === 'content') {
    return `[${title}]\n${joinText(blocksOf(source['content']).map((part) => blockText(part, context)))}`;
  }
  context.notes.add(`The document "${title}" is not text and was left out.`);
  return `[${title}: a document that this model cannot read]`;
}

function jsonSchema(config: unknown, tools: readonly OfferedTool[], notes: Set<string>): object | undefined {
  const format = isRecord(config) && isRecord(config['format']) ? config['format'] : undefined;
  if (format === undefined || !isRecord(format['schema'])) return undefined;
  if (tools.length > 0) {
    // `format` constrains every token, so the model could no longer call a tool.
    notes.add('The output format was left out, because tools are offered.');
    return undefined;
  }
  return format['schema'];
}

function wantsThinking(thinking: unknown): boolean {
  return isRecord(thinking) && thinking['type'] !== 'disabled';
}

function samplingOptions(fields: OpenRecord): OllamaOptions {
  const stop = Array.isArray(fields['stop_sequences']) ? fields['stop_sequences'].map(textOf) : [];
  return {
    num_predict: typeof fields['max_tokens'] === 'number' ? fields['max_tokens'] : -1,
    ...(stop.length > 0 ? { stop } : {}),
    ...(typeof fields['temperature'] === 'number' ? { temperature: fields['temperature'] } : {}),
    ...(typeof fields['top_p'] === 'number' ? { top_p: fields['top_p'] } : {}),
    ...(typeof fields['top_k'] === 'number' ? { top_k: fields['top_k'] } : {}),
  };
}

function joinText(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n\n');
}
