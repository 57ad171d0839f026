/** A share as a number from 0 to 1, from a number, `0.05` or `5%`; null for anything else. */
export function parseShare(value: unknown): number | null {
  if (typeof value === 'number') return value >= 0 && value <= 1 ? value : null;
  if (typeof value !== 'string') return null;
  const parts = /^(\d{1,3}(?:\.\d{1,6})?)\s?(%?)$/.exec(value.trim());
  if (!parts) return null;
  const share = Number(parts[1]) / (parts[2] === '%' ? 100 : 1);
  return share <= 1 ? share : null;
}
