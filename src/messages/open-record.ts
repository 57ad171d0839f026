/** An object of a provider's open format: fields may be there that no type names. */
export type OpenRecord = Readonly<Record<string, unknown>>;

/** Whether the value is an object with fields, so neither null nor an array. */
export function isRecord(value: unknown): value is OpenRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value if it is a string, else ''. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Elements of the value that are objects; none if it is not an array. */
export function recordsOf(value: unknown): readonly OpenRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** A message's or result's content as blocks: a string is one text block (none if it is empty). */
export function blocksOf(content: unknown): readonly OpenRecord[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  return recordsOf(content);
}
