/** A number of tokens with commas: 2,000,000. */
export function formatTokens(tokens: number): string {
  return String(Math.round(tokens)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A part of a whole in percent without decimals; rounded down, so that 100 % means reached. */
export function percentOf(part: number, whole: number): number {
  return Math.floor((part * 100) / whole);
}
