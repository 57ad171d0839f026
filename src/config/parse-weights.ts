import type { KindRates } from './prices/ModelPrice.ts';

const kinds = ['input', 'cacheCreation', 'cacheRead', 'output'] as const;
const mostWeight = 100;

/** What `parseWeights` accepts, to complete "must be ...". */
export const weightsExpected = `weights such as {"cacheRead": 0.1}, for ${kinds.join(', ')}: each from 0 to ${mostWeight} with at most six decimals, not all 0`;

/** Reads weights of token kinds; a kind that is not named has weight 1. Null for what is none. */
export function parseWeights(value: unknown): KindRates | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const given: Readonly<Record<string, unknown>> = { ...value };
  if (Object.keys(given).some((key) => !kinds.some((kind) => kind === key))) return null;
  const read = (kind: (typeof kinds)[number]) => (given[kind] === undefined ? 1 : given[kind]);
  const [input, cacheCreation, cacheRead, output] = kinds.map(read);
  if (!isRate(input, mostWeight) || !isRate(cacheCreation, mostWeight)) return null;
  if (!isRate(cacheRead, mostWeight) || !isRate(output, mostWeight)) return null;
  if (input + cacheCreation + cacheRead + output === 0) return null;
  return { input, cacheWrite5m: cacheCreation, cacheWrite1h: cacheCreation, cacheRead, output };
}

/** Weights as they are written in config.json. */
export function weightsText({ input, cacheWrite1h, cacheRead, output }: KindRates): string {
  return JSON.stringify({ input, cacheCreation: cacheWrite1h, cacheRead, output });
}

/** A number from 0 to `most` with at most six decimals: so many are counted exactly. */
export function isRate(value: unknown, most: number): value is number {
  if (typeof value !== 'number' || !(value >= 0 && value <= most)) return false;
  return Number(value.toFixed(6)) === value;
}
