/** A value as it stands in a text, white space and all. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Where one member of a JSON object stands in the text, or one element of an array, whose key is ''. */
interface Member {
  readonly key: string;
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** An object or an array. */
interface ObjectSpan {
  /** Index of `{` or `[`. */
  readonly open: number;
  /** Index of `}` or `]`. */
  readonly close: number;
  readonly members: readonly Member[];
}

/**
 * Puts a member into the object at `path`, or replaces its value, and leaves every other character of the text as it is. Objects that are
 * missing on the way are added. `text` must be valid JSON with an object at its root.
 * @throws TypeError where something on the path is no object.
 */
export function setJsonMember(
  text: string,
  path: readonly string[],
  key: string,
  value: unknown | RawJson,
): string {
  const style = styleOf(text);
  let object = objectAt(text, text.search(/\S/), []);
  for (const [depth, name] of path.entries()) {
    const member = find(object, name);
    if (!member) {
      const missing = [...path.slice(depth + 1), key].reduceRight<unknown>(
        (inner, step) => ({ [step]: inner }),
        value,
      );
      return insert(text, object, name, missing, style);
    }
    object = objectAt(text, member.valueStart, path.slice(0, depth + 1));
  }
  const member = find(object, key);
  if (!member) return insert(text, object, key, value, style);
  const written = format(value, indentAt(text, member.keyStart), style);
  return text.slice(0, member.valueStart) + written + text.slice(member.valueEnd);
}

/** Takes the member out of the object at `path`; the text as it is where there is none. Every other member stays as it is. */
export function removeJsonMember(text: string, path: readonly string[], key: string): string {
  const object = spanAt(text, path, objectAt);
  return object
    ? remove(
        text,
        object,
        object.members.findIndex((member) => member.key === key),
      )
    : text;
}

/**
 * Puts a value at the end of the array at `path`, which is added where it is missing, as the objects on the way are.
 * @throws TypeError where something on the path is of another kind.
 */
export function appendJsonElement(text: string, path: readonly string[], value: unknown): string {
  const last = path.at(-1) ?? '';
  const array = spanAt(text, path, arrayAt);
  if (!array) return setJsonMember(text, path.slice(0, -1), last, [value]);
  return insert(text, array, null, value, styleOf(text));
}

/** Takes the element out of the array at `path`; the text as it is where there is none. */
export function removeJsonElement(text: string, path: readonly string[], index: number): string {
  const array = spanAt(text, path, arrayAt);
  return array ? remove(text, array, index) : text;
}

/** The value of a member as it stands in the text; null where there is none. */
export function rawJsonMember(text: string, path: readonly string[], key: string): RawJson | null {
  const member = spanAt(text, path, objectAt)?.members.findLast((one) => one.key === key);
  return member ? new RawJson(text.slice(member.valueStart, member.valueEnd)) : null;
}

/** What stands at the end of a path of objects; undefined where something on the way is missing. */
function spanAt(text: string, path: readonly string[], lastAt: typeof objectAt): ObjectSpan | undefined {
  let start = text.search(/\S/);
  for (const [depth, name] of path.entries()) {
    const member = find(objectAt(text, start, path.slice(0, depth)), name);
    if (!member) return undefined;
    start = member.valueStart;
  }
  return lastAt(text, start, path);
}

function remove(text: string, object: ObjectSpan, index: number): string {
  const member = object.members[index];
  if (!member) return text;
  const previous = object.members[index - 1];
  const next = object.members[index + 1];
  if (previous) return text.slice(0, previous.valueEnd) + text.slice(member.valueEnd);
  if (next) return text.slice(0, member.keyStart) + text.slice(next.keyStart);
  return text.slice(0, object.open + 1) + text.slice(object.close);
}

interface Style {
  readonly unit: string;
  readonly newline: string;
}

function styleOf(text: string): Style {
  return {
    unit: /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ',
    newline: text.includes('\r\n') ? '\r\n' : '\n',
  };
}

/** `key` is null for an array. */
function insert(text: string, object: ObjectSpan, key: string | null, value: unknown, style: Style): string {
  const name = key === null ? '' : `${JSON.stringify(key)}: `;
  const last = object.members.at(-1);
  const outer = indentAt(text, object.open);
  if (!last) {
    const inner = outer + style.unit;
    const member = name + format(value, inner, style);
    const body = `${style.newline}${inner}${member}${style.newline}${outer}`;
    return text.slice(0, object.open + 1) + body + text.slice(object.close);
  }
  const isOneLine = !text.slice(object.open, last.keyStart).includes('\n');
  const inner = isOneLine ? outer : indentAt(text, last.keyStart);
  const gap = isOneLine ? ' ' : style.newline + inner;
  const written =
    isOneLine && !(value instanceof RawJson) ? JSON.stringify(value) : format(value, inner, style);
  const member = `,${gap}${name}${written}`;
  return text.slice(0, last.valueEnd) + member + text.slice(last.valueEnd);
}

function format(value: unknown, indent: string, { unit, newline }: Style): string {
  if (value instanceof RawJson) return value.text;
  return JSON.stringify(value, null, unit).replaceAll('\n', newline + indent);
}

/** The white space that the line of this position begins with. */
function indentAt(text: string, position: number): string {
  const lineStart = text.lastIndexOf('\n', position - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, position))?.[0] ?? '';
}

/** The last of several members of one name is the one that counts, as for JSON.parse. */
function find(object: ObjectSpan, key: string): Member | undefined {
  return object.members.findLast((member) => member.key === key);
}

function objectAt(text: string, open: number, path: readonly string[]): ObjectSpan {
  if (text[open] !== '{') throw new TypeError(`"${path.join('.')}" is not an object`);
  const members: Member[] = [];
  let position = skipSpace(text, open + 1);
  while (text[position] === '"') {
    const keyStart = position;
    const keyEnd = skipString(text, keyStart);
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = skipValue(text, valueStart);
    members.push({ key: JSON.parse(text.slice(keyStart, keyEnd)) as string, keyStart, valueStart, valueEnd });
    position = skipSpace(text, valueEnd);
    if (text[position] === ',') position = skipSpace(text, position + 1);
  }
  return { open, close: position, members };
}

function arrayAt(text: string, open: number, path: readonly string[]): ObjectSpan {
  if (text[open] !== '[') throw new TypeError(`"${path.join('.')}" is not a list`);
  const members: Member[] = [];
  let position = skipSpace(text, open + 1);
  while (text[position] !== ']') {
    const valueEnd = skipValue(text, position);
    members.push({ key: '', keyStart: position, valueStart: position, valueEnd });
    position = skipSpace(text, valueEnd);
    if (text[position] === ',') position = skipSpace(text, position + 1);
  }
  return { open, close: position, members };
}

function skipSpace(text: string, position: number): number {
  let at = position;
  while (/\s/.test(text[at] ?? '')) at += 1;
  return at;
}

function skipString(text: string, open: number): number {
  let at = open + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skipValue(text: string, start: number): number {
  let at = start;
  let depth = 0;
  do {
    const character = text[at] ?? '';
    if (character === '"') at = skipString(text, at);
    else {
      if (character === '{' || character === '[') depth += 1;
      if (character === '}' || character === ']') depth -= 1;
      at += 1;
    }
    if (depth === 0 && /[\s,}\]]|^$/.test(text[at] ?? '')) break;
  } while (at < text.length);
  return at;
}
