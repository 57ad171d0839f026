import type { ReportedLimit } from './reported-limit.ts';

/** Limits by their name, by the hash of the credential that they are of. */
export type KnownLimits = Map<string, Map<string, ReportedLimit>>;

/** The content of `claude-limits.json`. @throws Error that says what is wrong with it */
export function parseLimitsFile(content: unknown): KnownLimits {
  const file = content as { readonly version?: unknown; readonly credentials?: unknown } | null;
  if (file?.version !== 1 || typeof file.credentials !== 'object' || file.credentials === null) {
    throw new Error('it is not of version 1');
  }
  return new Map(
    Object.entries(file.credentials).map(([id, limits]) => [
      id,
      new Map((Array.isArray(limits) ? limits : []).filter(isLimit).map((limit) => [limit.name, limit])),
    ]),
  );
}

function isLimit(value: unknown): value is ReportedLimit {
  const { name, leftShare, resetAtMs, seenAtMs } = (value ?? {}) as Record<string, unknown>;
  const isNumber = (each: unknown) => typeof each === 'number' && Number.isFinite(each);
  return (
    typeof name === 'string' &&
    (leftShare === null || isNumber(leftShare)) &&
    (resetAtMs === null || isNumber(resetAtMs)) &&
    isNumber(seenAtMs)
  );
}
