/**
 * Characters that a result may have, as JSON. Claude Code puts a result of more than 50,000 characters into a file and hands its model
 * the path, unless the tool's entry in tools/list has `_meta["anthropic/maxResultSizeChars"]`, up to 500,000
 * (https://code.claude.com/docs/en/mcp). About 25,000 tokens: more would fill the context that this server is to spare.
 */
const maxResultChars = 100_000;

/** The `_meta` that lets results of up to `maxResultChars` through. */
export const resultSizeMeta = { 'anthropic/maxResultSizeChars': maxResultChars } as const;

/** Left for what stands beside the output: decision, verdict, budgets. */
const reservedChars = 20_000;

/**
 * The longest beginning of a text that fits into a result with the rest, cut at the end of a line where there is one near. JSON writes
 * a line break as two characters and others as six, so the length counts as JSON.
 */
export function fittingPart(text: string, room = maxResultChars - reservedChars): string {
  if (jsonLength(text) <= room) return text;
  let [fits, tooLong] = [0, Math.min(text.length, room)];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (jsonLength(text.slice(0, middle)) <= room) fits = middle;
    else tooLong = middle;
  }
  const lineEnd = text.lastIndexOf('\n', fits);
  const end = lineEnd >= Math.max(0, fits - 500) ? lineEnd : fits;
  return text.slice(0, end).replace(/[\ud800-\udbff]$/, '');
}

/** Characters that a text takes in a result. */
export function jsonLength(text: string): number {
  return JSON.stringify(text).length;
}
