const pattern = /^(\d+(?:\.\d+)?)\s*([kmg])?$/i;
const factors = { k: 1_000, m: 1_000_000, g: 1_000_000_000 } as const;

/**
 * Reads an amount of tokens as people write it: `10000`, `10,000`, `10_000`, `20k`, `2M`, `1.5M` (k, m and g are powers of 1,000).
 * Gives an integer from 1 to `Number.MAX_SAFE_INTEGER`, or null where the text is none of these.
 */
export function parseTokens(text: string): number | null {
  const match = pattern.exec(text.trim().replace(/(?<=\d)[_,](?=\d{3})/g, ''));
  if (!match?.[1]) return null;
  const factor = match[2] ? factors[match[2].toLowerCase() as keyof typeof factors] : 1;
  const amount = Number(match[1]) * factor;
  const tokens = Math.round(amount);
  // 1.1k is 1100.0000000000002 in floating point; 1.5 is not a whole number of tokens.
  const isWhole = Math.abs(amount - tokens) < 1e-6;
  return isWhole && Number.isSafeInteger(tokens) && tokens >= 1 ? tokens : null;
}
