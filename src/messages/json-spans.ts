/** Where a value stands in the bytes of a JSON text: from `start` up to, not including, `end`. */
export interface JsonSpan {
  readonly start: number;
  readonly end: number;
}

/** A member of an object: its key, and the span of its value. */
export interface JsonMember extends JsonSpan {
  readonly key: string;
}

/** A replacement of some bytes by others. */
export interface ByteEdit extends JsonSpan {
  readonly replacement: string | Buffer;
}

/**
 * The members of the object that begins at or, behind white space, after `at`, in their order, duplicates included. For text that
 * `JSON.parse` accepts; strings are skipped by native search, so a large body costs little.
 */
export function jsonMembers(json: Buffer, at = 0): JsonMember[] {
  const members: JsonMember[] = [];
  let next = afterSpace(json, expect(json, afterSpace(json, at), openObject));
  while (json[next] !== closeObject) {
    if (json[next] === comma) next = afterSpace(json, next + 1);
    const keyEnd = endOfString(json, next);
    const key: string = JSON.parse(json.toString('utf8', next, keyEnd));
    const start = afterSpace(json, expect(json, afterSpace(json, keyEnd), colon));
    const end = endOfValue(json, start);
    members.push({ key, start, end });
    next = afterSpace(json, end);
  }
  return members;
}

/** The elements of the array that begins at or, behind white space, after `at`. For text that `JSON.parse` accepts. */
export function jsonElements(json: Buffer, at: number): JsonSpan[] {
  const elements: JsonSpan[] = [];
  let next = afterSpace(json, expect(json, afterSpace(json, at), openArray));
  while (json[next] !== closeArray) {
    if (json[next] === comma) next = afterSpace(json, next + 1);
    const end = endOfValue(json, next);
    elements.push({ start: next, end });
    next = afterSpace(json, end);
  }
  return elements;
}

/** The same bytes with these edits, which must not overlap; what lies between them is not touched. */
export function editBytes(bytes: Buffer, edits: readonly ByteEdit[]): Buffer {
  const parts: Buffer[] = [];
  let copied = 0;
  for (const { start, end, replacement } of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(bytes.subarray(copied, start));
    parts.push(typeof replacement === 'string' ? Buffer.from(replacement) : replacement);
    copied = end;
  }
  parts.push(bytes.subarray(copied));
  return Buffer.concat(parts);
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openObject = 0x7b;
const closeObject = 0x7d;
const openArray = 0x5b;
const closeArray = 0x5d;

function afterSpace(json: Buffer, at: number): number {
  let next = at;
  while (isSpace(json[next])) next += 1;
  return next;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function expect(json: Buffer, at: number, byte: number): number {
  if (json[at] !== byte) throw new Error(`Byte ${at} of a JSON text is not what was expected there`);
  return at + 1;
}

function endOfString(json: Buffer, at: number): number {
  let end = expect(json, at, quote);
  for (;;) {
    end = json.indexOf(quote, end);
    if (end < 0) throw new Error(`The string at byte ${at} of a JSON text has no end`);
    let slashes = 0;
    while (json[end - 1 - slashes] === backslash) slashes += 1;
    end += 1;
    if (slashes % 2 === 0) return end;
  }
}

function endOfValue(json: Buffer, at: number): number {
  const first = json[at];
  if (first === quote) return endOfString(json, at);
  if (first !== openObject && first !== openArray) return endOfScalar(json, at);
  let depth = 0;
  let next = at;
  while (next < json.length) {
    const byte = json[next];
    if (byte === quote) {
      next = endOfString(json, next);
      continue;
    }
    if (byte === openObject || byte === openArray) depth += 1;
    else if (byte === closeObject || byte === closeArray) depth -= 1;
    next += 1;
    if (depth === 0) return next;
  }
  throw new Error(`The value at byte ${at} of a JSON text has no end`);
}

function endOfScalar(json: Buffer, at: number): number {
  let end = at;
  while (end < json.length && !isScalarEnd(json[end])) end += 1;
  if (end === at) throw new Error(`There is no value at byte ${at} of a JSON text`);
  return end;
}

function isScalarEnd(byte: number | undefined): boolean {
  return byte === comma || byte === closeObject || byte === closeArray || isSpace(byte);
}
