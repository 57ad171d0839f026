/** Bytes of UTF-8 that make up one simulated token. */
export const bytesPerToken = 4;

/** Most tokens that one base64 source (an image, a document) counts for. */
const maxTokensPerSource = 1568;

/**
 * Tokens of a text: one for every four bytes of UTF-8, rounded up. That is near to what real tokenizers give for English and code,
 * and, as with them, never above the number of bytes.
 */
export function countTextTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / bytesPerToken);
}

/**
 * Tokens of a JSON value: its keys and texts as one text. A `data` of base64 beside a `media_type` counts as an image does, with an
 * upper end. Never above the bytes of the value as JSON.
 */
export function countValueTokens(value: unknown): number {
  const sum = { bytes: 0, sourceTokens: 0 };
  add(value, sum);
  return Math.ceil(sum.bytes / bytesPerToken) + sum.sourceTokens;
}

function add(value: unknown, sum: { bytes: number; sourceTokens: number }): void {
  if (typeof value === 'string') sum.bytes += Buffer.byteLength(value);
  else if (typeof value === 'number' || typeof value === 'boolean') sum.bytes += String(value).length;
  else if (Array.isArray(value)) for (const item of value) add(item, sum);
  else if (value !== null && typeof value === 'object') {
    const isSource = 'media_type' in value;
    for (const [key, item] of Object.entries(value)) {
      sum.bytes += key.length;
      if (isSource && key === 'data' && typeof item === 'string') {
        sum.sourceTokens += Math.min(maxTokensPerSource, Math.ceil(item.length / bytesPerToken));
      } else add(item, sum);
    }
  }
}
