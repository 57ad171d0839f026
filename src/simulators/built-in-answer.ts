import { bytesPerToken } from './count-tokens.ts';
import { type PromptMarkers, withoutMarkers } from './prompt-markers.ts';
import { brokenCode, elidedCode, languageOf, sampleCode } from './sample-code.ts';
import { sampleEdit } from './sample-edit.ts';
import { sampleJson } from './sample-json.ts';
import { isReviewSchema, sampleReview } from './sample-review.ts';
import type { AnswerBlock, ScriptedAnswer } from './scripted-answer.ts';

/** What the built-in answers are made from, in the same terms for both providers. */
export interface AnswerRequest {
  readonly model: string;
  /** Text of the last message that a user wrote. */
  readonly prompt: string;
  /** Texts of the tool results that came after that prompt. */
  readonly toolResults: readonly string[];
  readonly tools: readonly { readonly name: string; readonly schema: unknown }[];
  /** The request asks for thinking. */
  readonly wantsThinking: boolean;
  /** JSON schema that the answer must fit, `json` for any JSON; undefined for text. */
  readonly format: unknown;
  readonly markers: PromptMarkers;
}

/** The line that every built-in answer begins with. */
function simulatedMark(model: string): string {
  return `[simulated ${model}]`;
}

/**
 * The answer of a simulator to which nothing was scripted. The same request has the same answer; the kind of the task decides its
 * form (code in the language that is asked for, JSON, a short answer, prose), and the task's length its length. It is always plainly
 * marked as simulated: by its first line, by the last one of a refusal, or within the JSON where only JSON may be sent.
 */
export function builtInAnswer(request: AnswerRequest): ScriptedAnswer {
  const { markers, prompt } = request;
  const content: AnswerBlock[] = [];
  if (request.wantsThinking || markers.think === true) {
    content.push({
      type: 'thinking',
      thinking: `The task has ${prompt.length} characters. Answering in simulation.`,
    });
  }
  if (markers.style === 'empty') return { content };
  if (markers.style === 'refuse') {
    // Refusals are recognised by how they open, so the mark comes last.
    content.push({
      type: 'text',
      text: `I'm sorry, but I can't help with that.\n\n${simulatedMark(request.model)}`,
    });
    return { content, stopReason: 'refusal' };
  }
  const call =
    markers.tool === undefined || request.toolResults.length > 0 ? null : toolCall(request, markers.tool);
  if (call !== null) return { content: [...content, call] };
  const edit = sampleEdit(request);
  if (edit !== null) return { content: [...content, edit] };
  content.push({
    type: 'text',
    text: request.format === undefined ? textAnswer(request) : jsonAnswer(request),
  });
  return { content };
}

/** A call of the named tool, or of the first one, with an input that fits its schema; null where none is offered. */
export function toolCall(request: AnswerRequest, name: string): AnswerBlock | null {
  const tool = request.tools.find((offered) => offered.name === name) ?? request.tools[0];
  if (tool === undefined) return null;
  const input = sampleJson({ type: 'object', ...asObject(tool.schema) }, 'simulated');
  return { type: 'tool_use', name: tool.name, input: asObject(input) };
}

function textAnswer(request: AnswerRequest): string {
  const task = gist(withoutMarkers(request.prompt));
  const parts = [simulatedMark(request.model)];
  if (request.toolResults.length > 0) {
    const bytes = request.toolResults.reduce((sum, text) => sum + text.length, 0);
    parts.push(`The tools answered with ${bytes} characters; with that the task is done.`);
  }
  if (request.markers.style === 'secret') parts.push(fakeSecret());
  if (asksForCode(task) || request.markers.style === 'elide' || request.markers.style === 'broken-code') {
    parts.push(...codeAnswer(request, task));
  } else if (task.endsWith('?')) {
    parts.push(`Short answer: ${pick(shortAnswers, task)}`);
  } else {
    parts.push(prose(task, 1 + Math.min(5, words(task).length >> 4)));
  }
  const text = parts.join('\n\n');
  return request.markers.tokens === undefined ? text : grow(text, task, request.markers.tokens);
}

/** Enough of a long task to tell its kind by: patterns over megabytes would hold up the event loop. */
function gist(task: string): string {
  return task.length <= 4000 ? task : `${task.slice(0, 2000)}\n${task.slice(-2000)}`;
}

function codeAnswer(request: AnswerRequest, task: string): string[] {
  const language = languageOf(task);
  const name = functionWords(task);
  const { style } = request.markers;
  const write = style === 'elide' ? elidedCode : style === 'broken-code' ? brokenCode : sampleCode;
  return [
    `Here is ${name.join(' ')} in ${language}.`,
    `\`\`\`${language}\n${write(language, name)}\n\`\`\``,
    prose(task, 1),
  ];
}

function jsonAnswer(request: AnswerRequest): string {
  if (request.format === 'json')
    return JSON.stringify({ simulated: request.model, answer: pick(shortAnswers, request.prompt) });
  if (isReviewSchema(request.format)) return JSON.stringify(sampleReview(request));
  return JSON.stringify(sampleJson(request.format, simulatedMark(request.model)));
}

function asksForCode(task: string): boolean {
  return /\b(?:write|implement|create|add|build|generate|fix|refactor|port)\b[^.?!]*\b(?:function|method|class|program|script|module|code|parser|json)\b/i.test(
    task,
  );
}

/** Up to four words that name the function: what the task calls it, or what follows "function that". */
function functionWords(task: string): string[] {
  const named = /\b(?:called|named)\s+`?([A-Za-z]\w*)/.exec(task)?.[1];
  const source =
    named?.replace(/([a-z])([A-Z])/g, '$1 $2') ??
    /\b(?:that|which|to)\s+(.*)/s.exec(task)?.[1] ??
    'solve task';
  const found = source
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word.length > 1 && !fillers.has(word))
    .slice(0, 4);
  // The prefix keeps a name from being a reserved word of some language.
  return found.length > 1 ? found : ['run', ...(found.length > 0 ? found : ['task'])];
}

const fillers: ReadonlySet<string> = new Set([
  'an',
  'the',
  'of',
  'in',
  'and',
  'it',
  'is',
  'for',
  'with',
  'from',
]);

const shortAnswers = [
  'yes, and the usual approach is enough here.',
  'it depends on the input; measure before you decide.',
  'the simplest form is the right one to begin with.',
  'no, there is a safer way that costs the same.',
] as const;

const sentences = [
  'This text stands in for what the model would have written.',
  'It is long enough to be streamed in several pieces.',
  'Its length follows from the length of the task.',
  'The same task always has the same answer.',
  'Nothing in it was computed by a language model.',
  'Use it to see how the budget, the fallback and the critic behave.',
] as const;

function prose(seed: string, count: number): string {
  const first = hash(seed);
  return Array.from({ length: count }, (_, index) => sentences[(first + index) % sentences.length]).join(' ');
}

function grow(text: string, seed: string, tokens: number): string {
  const paragraph = `\n\n${prose(seed, sentences.length)}`;
  const missing = tokens * bytesPerToken - text.length;
  return missing <= 0
    ? text
    : text + paragraph.repeat(Math.ceil(missing / paragraph.length)).slice(0, missing);
}

/** Has the form of a real key and opens nothing; put together here, so that no scanner finds it in this file. */
function fakeSecret(): string {
  return [
    'aws_access_key_id = AKIA',
    'QYLPMN5HHHFPZAM2\naws_secret_access_key = ',
    'wJalrXUtnFEMIK7MDENGbPxRfiCYSIMULATEDKEY',
  ].join('');
}

function pick(choices: readonly string[], seed: string): string {
  return choices[hash(seed) % choices.length] ?? '';
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** FNV-1a over the first 4,096 characters, as a 32-bit number >= 0. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < Math.min(text.length, 4096); index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}

function asObject(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
