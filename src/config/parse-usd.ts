const pattern = /^(?:\$\s*(\d+(?:\.\d+)?)|(\d+(?:\.\d+)?)\s*USD)$/i;
const microUsdPerUsd = 1_000_000;
/** A million dollars: more is a typing error, and every sum stays exact. */
const mostUsd = 1_000_000;

/**
 * Reads an amount of money as people write it: `$5`, `$0.50`, `1,000 USD`. Gives whole micro-dollars from 1 to 10^12, or null where the
 * text is none of these.
 */
export function parseUsd(text: string): number | null {
  const match = pattern.exec(text.trim().replace(/(?<=\d)[_,](?=\d{3})/g, ''));
  const written = match?.[1] ?? match?.[2];
  if (written === undefined) return null;
  const usd = Number(written);
  const microUsd = Math.round(usd * microUsdPerUsd);
  const isWhole = (written.split('.')[1] ?? '').replace(/0+$/, '').length <= 6;
  return isWhole && microUsd >= 1 && usd <= mostUsd ? microUsd : null;
}

/** The same amount as a user would write it: `$5`, `$0.5`. */
export function usdText(microUsd: number): string {
  return `$${microUsd / microUsdPerUsd}`;
}
