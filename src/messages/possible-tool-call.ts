/**
 * Where text begins that may turn out to be a tool call, so that it should not be shown before the answer is whole;
 * -1 where there is none. `text` may end anywhere, so an opening that has only begun counts too.
 *
 * @param startsLine whether only white space stands before `text` on its line
 */
export function possibleToolCallStart(text: string, startsLine: boolean): number {
  const lines = startsLine ? `\n${text}` : text;
  const offset = lines.length - text.length;
  for (const match of lines.matchAll(opening)) {
    const start = match.index + (match[0].startsWith('\n') ? 1 : 0);
    if (mayBecomeCall(lines.slice(start))) return start - offset;
  }
  return -1;
}

const opening = /<|\[(?=T|$)|`{1,3}|\n[ \t]*(?=[[{])/g;

const marks = ['<tool_call>', '<function=', '<|python_tag|>', '[TOOL_CALLS]'];

/** Keys that the JSON of a call opens with. */
const callKeys = ['name', 'tool', 'tool_name', 'function', 'arguments', 'parameters', 'type', 'id'];

/** Whether what was opened may still become a call; each form is matched against as much of it as there is. */
function mayBecomeCall(text: string): boolean {
  if (marks.some((mark) => mark.startsWith(text) || text.startsWith(mark))) return true;
  if (!text.startsWith('`')) return mayBecomeCallJson(text);
  if ('```'.startsWith(text)) return true;
  const [, language = '', inside] = /^```(\w*)(?:[ \t]*\n(.*))?/s.exec(text) ?? [undefined, 'none'];
  if (inside === undefined) return fenceLanguages.some((name) => name.startsWith(language));
  const body = inside.trimStart();
  const isOurs = fenceLanguages.includes(language);
  return (
    isOurs &&
    (marks.some((mark) => mark.startsWith(body) || body.startsWith(mark)) || mayBecomeCallJson(body))
  );
}

const fenceLanguages = ['', 'json', 'tool_call', 'tool_code', 'tool', 'xml'];

function mayBecomeCallJson(text: string): boolean {
  const [, key = '', after = ''] = /^\s*(?:\[\s*)?\{\s*["']?(\w*)(.?)/s.exec(text) ?? [];
  if (key === '') return /^[\s[{"']*$/.test(text);
  return after === '' ? callKeys.some((name) => name.startsWith(key)) : callKeys.includes(key);
}
