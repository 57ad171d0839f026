import { jsonrepair } from 'jsonrepair';
import { isRecord, type OpenRecord, textOf } from './open-record.ts';

/** A tool as it was offered; what a call written as text is compared with. */
export interface OfferedToolName {
  readonly name: string;
  readonly schema: OpenRecord;
}

export interface TextToolCalls {
  /** The answer without its calls, and without white space at its end. */
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly input: OpenRecord }[];
}

/**
 * Finds tool calls that a model wrote as text instead of making them: `<tool_call>{"name", "arguments"}</tool_call>`,
 * `<function=name>...</function>` with JSON or `<parameter=key>` inside, a fenced or bare JSON object (or array) with a name and
 * arguments. Only tools that were offered are recognised. Broken JSON is repaired where that gives an object; otherwise the
 * call stays text. The text must be the end of a whole answer: a call that was cut off must not be completed by guessing.
 *
 * @param startsLine whether only white space stood before the text on its line; default true
 */
export function findTextToolCalls(
  answer: string,
  tools: readonly OfferedToolName[],
  startsLine = true,
): TextToolCalls {
  const calls: { name: string; input: OpenRecord }[] = [];
  let text = '';
  let at = 0;
  for (const candidate of candidates(answer, startsLine)) {
    if (candidate.start < at) continue;
    const found = readCalls(candidate.body, tools);
    if (found.length === 0) continue;
    calls.push(...found);
    text += answer.slice(at, candidate.start);
    at = candidate.end;
  }
  const rest = (text + answer.slice(at)).trimEnd();
  return { text: rest.trim() === '' ? '' : rest, calls };
}

interface Candidate {
  readonly start: number;
  readonly end: number;
  readonly body: string;
}

/** Stretches that may be calls, in order; the outermost form comes first where several begin together. */
function candidates(answer: string, startsLine: boolean): readonly Candidate[] {
  const found: Candidate[] = [];
  const forms = [
    /<tool_call>(.*?)(?:<\/tool_call>|$)/gs,
    /(<function=.*?)(?:<\/function>|$)/gs,
    /```(?:json|tool_call|tool_code|tool|xml)?[ \t]*\n(.*?)(?:\n[ \t]*```|$)/gs,
    /(?:\[TOOL_CALLS\]|<\|python_tag\|>)\s*(.*)$/gs,
  ];
  for (const form of forms) {
    for (const match of answer.matchAll(form)) {
      found.push({ start: match.index, end: match.index + match[0].length, body: match[1] ?? '' });
    }
  }
  for (const match of answer.matchAll(bareCall)) {
    if (match.index === 0 && !startsLine && !match[0].startsWith('\n')) continue;
    const start = match.index + match[0].length;
    const end = endOfJson(answer, start);
    found.push({ start, end, body: answer.slice(start, end) });
  }
  return found.sort((a, b) => a.start - b.start || b.end - a.end);
}

/** JSON at the beginning of a line that opens with a key of a call. */
const bareCall =
  /(?:^|\n)[ \t]*(?=(?:\[\s*)?\{\s*["']?(?:name|tool|tool_name|function|arguments|parameters|type|id)\b)/g;

/** End of the JSON value that begins here; the end of the text where it never closes. */
function endOfJson(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (inString) {
      if (char === '\\') at++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1;
  }
  return text.length;
}

function readCalls(
  body: string,
  tools: readonly OfferedToolName[],
): readonly { name: string; input: OpenRecord }[] {
  const tagged = /^\s*<function=([^>\s]+)>(.*)$/s.exec(body);
  if (tagged !== null) {
    const tool = offered(tagged[1], tools);
    const input = tool === undefined ? undefined : taggedInput(tagged[2] ?? '', tool);
    return tool === undefined || input === undefined ? [] : [{ name: tool.name, input }];
  }
  const value = parseJson(body);
  const objects = Array.isArray(value) ? value : [value];
  const calls = objects.map((object) => (isRecord(object) ? readCall(object, tools) : undefined));
  // One element that is no call makes the whole list data, not calls.
  return calls.every((call) => call !== undefined) ? calls : [];
}

function readCall(
  object: OpenRecord,
  tools: readonly OfferedToolName[],
): { name: string; input: OpenRecord } | undefined {
  const inner = isRecord(object['function']) ? object['function'] : object;
  const tool = offered(inner['name'] ?? inner['tool'] ?? inner['tool_name'] ?? inner['function'], tools);
  if (tool === undefined) return undefined;
  const key = ['arguments', 'parameters', 'input', 'args'].find((name) => name in inner);
  if (key === undefined) {
    // A name alone is a call without arguments; a name among other data is data.
    return Object.keys(inner).length === 1 ? { name: tool.name, input: {} } : undefined;
  }
  const input = toolInput(inner[key]);
  return input === undefined ? undefined : { name: tool.name, input };
}

/** A tool call's arguments as an object, repaired from text where need be; undefined where they cannot be one. */
export function toolInput(value: unknown): OpenRecord | undefined {
  if (value === null || value === undefined || value === '') return {};
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  return isRecord(parsed) ? parsed : undefined;
}

function taggedInput(body: string, tool: OfferedToolName): OpenRecord | undefined {
  const inner = body.replace(/<\/function>\s*$/, '');
  if (!inner.includes('<parameter=')) return toolInput(inner.trim());
  const input: Record<string, unknown> = {};
  for (const match of inner.matchAll(
    /<parameter=([^>\s]+)>\n?(.*?)\n?(?:<\/parameter>|(?=<parameter=)|$)/gs,
  )) {
    input[match[1] ?? ''] = typedValue(match[2] ?? '', tool, match[1] ?? '');
  }
  return input;
}

/** Text stays text where the schema wants a string; otherwise it is read as JSON if it is JSON. */
function typedValue(text: string, tool: OfferedToolName, name: string): unknown {
  const properties = isRecord(tool.schema['properties']) ? tool.schema['properties'] : {};
  const property = isRecord(properties[name]) ? properties[name] : {};
  if (property['type'] === 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function offered(name: unknown, tools: readonly OfferedToolName[]): OfferedToolName | undefined {
  const wanted = textOf(name);
  return (
    tools.find((tool) => tool.name === wanted) ??
    tools.find((tool) => tool.name.toLowerCase() === wanted.toLowerCase())
  );
}

function parseJson(text: string): unknown {
  const trimmed = text.trim();
  if (!/^[[{"']/.test(trimmed)) return undefined;
  try {
    return JSON.parse(trimmed);
  } catch {
    try {
      return JSON.parse(jsonrepair(trimmed));
    } catch {
      return undefined;
    }
  }
}
