/** A value as JSON knows it, with what the examples of Python and JavaScript have beside that. */
export type Literal =
  | { readonly type: 'nothing' }
  | { readonly type: 'boolean'; readonly value: boolean }
  /** `decimals`: digits after the point as written, which say how exactly the value is meant; null for a whole number. */
  | { readonly type: 'number'; readonly value: number; readonly decimals: number | null }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'list'; readonly items: readonly Literal[] }
  | { readonly type: 'map'; readonly entries: ReadonlyArray<readonly [key: string, value: Literal]> };

/**
 * Reads a literal of Python, JavaScript or JSON from the beginning of a text; null where there is none, or one that is not certain
 * to mean the same in each (sets, f-strings, regular expressions, numbers beyond 2^53, expressions), or is nested deeper than anybody writes an
 * example.
 */
export function readLiteral(
  text: string,
  depth = 0,
): { readonly literal: Literal; readonly rest: string } | null {
  if (depth > deepest) return null;
  const start = text.trimStart();
  const word = /^(?:True|true|False|false|None|null|undefined)\b/.exec(start)?.[0];
  if (word !== undefined) {
    const rest = start.slice(word.length);
    if (/^(?:true)$/i.test(word)) return { literal: { type: 'boolean', value: true }, rest };
    if (/^(?:false)$/i.test(word)) return { literal: { type: 'boolean', value: false }, rest };
    return { literal: { type: 'nothing' }, rest };
  }
  const number = /^[-+]?\d+(?:\.(\d+))?(?:[eE][-+]?\d+)?(?![\w.]*\w)/.exec(start);
  if (number) {
    const value = Number(number[0]);
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return null;
    return {
      literal: { type: 'number', value, decimals: number[1]?.length ?? null },
      rest: start.slice(number[0].length),
    };
  }
  if (start.startsWith('"') || start.startsWith("'")) return readText(start);
  if (start.startsWith('[')) return readList(start.slice(1), ']', depth);
  if (start.startsWith('(')) return readList(start.slice(1), ')', depth);
  if (start.startsWith('{')) return readMap(start.slice(1), depth);
  return null;
}

const deepest = 40;

/** A literal and nothing behind it. */
export function readWholeLiteral(text: string): Literal | null {
  const read = readLiteral(text);
  return read !== null && read.rest.trim() === '' ? read.literal : null;
}

/** Arguments up to the closing bracket; the text begins behind the opening one. */
export function readArguments(
  text: string,
): { readonly items: readonly Literal[]; readonly rest: string } | null {
  const read = readItems(text, ')', 0);
  return read && { items: read.items, rest: read.rest };
}

function readText(start: string): { literal: Literal; rest: string } | null {
  const match = /^"((?:[^"\\\n]|\\.)*)"|^'((?:[^'\\\n]|\\.)*)'/.exec(start);
  if (!match || start.startsWith('"""') || start.startsWith("'''")) return null;
  const body = match[1] ?? match[2] ?? '';
  // Only escapes that mean the same everywhere.
  if (/\\[^nrt\\'"]/.test(body)) return null;
  const value = body.replace(
    /\\(.)/g,
    (_, letter: string) => ({ n: '\n', r: '\r', t: '\t' })[letter] ?? letter,
  );
  return { literal: { type: 'text', value }, rest: start.slice(match[0].length) };
}

function readList(text: string, close: ']' | ')', depth: number): { literal: Literal; rest: string } | null {
  const read = readItems(text, close, depth);
  // `(1)` is a number in brackets and no tuple.
  if (read === null || (close === ')' && read.items.length === 1 && !read.hasTrailingComma)) return null;
  return { literal: { type: 'list', items: read.items }, rest: read.rest };
}

function readItems(
  text: string,
  close: ']' | ')',
  depth: number,
): { items: readonly Literal[]; rest: string; hasTrailingComma: boolean } | null {
  const items: Literal[] = [];
  let rest = text.trimStart();
  let hasTrailingComma = false;
  while (!rest.startsWith(close)) {
    const read = readLiteral(rest, depth + 1);
    if (read === null) return null;
    items.push(read.literal);
    rest = read.rest.trimStart();
    hasTrailingComma = rest.startsWith(',');
    if (hasTrailingComma) rest = rest.slice(1).trimStart();
    else if (!rest.startsWith(close)) return null;
  }
  return { items, rest: rest.slice(1), hasTrailingComma };
}

function readMap(text: string, depth: number): { literal: Literal; rest: string } | null {
  const entries: Array<readonly [string, Literal]> = [];
  let rest = text.trimStart();
  while (!rest.startsWith('}')) {
    const bare = /^([A-Za-z_]\w*)\s*:/.exec(rest);
    const key = bare
      ? { literal: { type: 'text', value: bare[1] ?? '' } as const, rest: rest.slice(bare[0].length - 1) }
      : readLiteral(rest, depth + 1);
    if (key === null || key.literal.type !== 'text') return null;
    rest = key.rest.trimStart();
    if (!rest.startsWith(':')) return null;
    const value = readLiteral(rest.slice(1), depth + 1);
    if (value === null) return null;
    entries.push([key.literal.value, value.literal]);
    rest = value.rest.trimStart();
    if (rest.startsWith(',')) rest = rest.slice(1).trimStart();
    else if (!rest.startsWith('}')) return null;
  }
  return { literal: { type: 'map', entries }, rest: rest.slice(1) };
}

/** What the harness is given: JSON, in which a number beyond JSON cannot occur. */
export function toJson(literal: Literal): unknown {
  switch (literal.type) {
    case 'nothing':
      return null;
    case 'list':
      return literal.items.map(toJson);
    case 'map':
      return Object.fromEntries(literal.entries.map(([key, value]) => [key, toJson(value)]));
    default:
      return literal.value;
  }
}

/**
 * Whether a value that came back as JSON is the one that an example states. A number with decimals is as exact as it is written; a
 * tuple is a list, and nothing is `None`, `null` or `undefined`.
 */
export function matches(expected: Literal, actual: unknown): boolean {
  switch (expected.type) {
    case 'nothing':
      return actual === null;
    case 'number':
      if (typeof actual !== 'number') return false;
      if (actual === expected.value) return true;
      if (expected.decimals === null)
        return Math.abs(actual - expected.value) <= 1e-9 * Math.abs(expected.value);
      return Math.abs(actual - expected.value) <= 0.500001 * 10 ** -expected.decimals;
    case 'list':
      return (
        Array.isArray(actual) &&
        actual.length === expected.items.length &&
        expected.items.every((item, index) => matches(item, actual[index]))
      );
    case 'map': {
      if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) return false;
      const values = new Map<string, unknown>(Object.entries(actual));
      return (
        values.size === expected.entries.length &&
        expected.entries.every(([key, value]) => values.has(key) && matches(value, values.get(key)))
      );
    }
    default:
      return actual === expected.value;
  }
}
