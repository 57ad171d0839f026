/** A limit as Claude reported it with an answer. */
export interface ReportedLimit {
  /** As in the header's name: `requests`, `input-tokens`, `unified-5h`, `unified-7d`, and whatever else comes. */
  readonly name: string;
  /** What is left of it, 0 to 1; null where Claude did not say. */
  readonly leftShare: number | null;
  /** In requests or tokens; absent for those that are reported as a share only. */
  readonly limit?: number;
  readonly remaining?: number;
  /** `allowed`, `allowed_warning`, `rejected`, and whatever else comes. */
  readonly status?: string;
  /** When all of it is free again; null where Claude did not say. */
  readonly resetAtMs: number | null;
  readonly seenAtMs: number;
}

/** Nothing that Claude limits is counted over more than a month; a later reset is a mistake, and would lock somebody out. */
const longestMs = 32 * 86_400_000;
const headerName = /^anthropic-ratelimit-([a-z0-9_-]+)-(limit|remaining|reset|utilization|status)$/;
const mostLimits = 20;

/** Whether an answer's headers (names in lower case) report limits at all: a look at the names, for hot paths. */
export function hasLimitHeaders(headers: Readonly<Record<string, unknown>>): boolean {
  for (const name in headers) if (name.startsWith('anthropic-ratelimit-')) return true;
  return false;
}

/**
 * Reads `anthropic-ratelimit-<name>-{limit,remaining,reset}` (https://docs.anthropic.com/en/api/rate-limits; resets in RFC 3339) and, as
 * subscriptions have them, `anthropic-ratelimit-unified-<window>-{utilization,reset,status}` (used share, reset in epoch seconds) and
 * `-unified-{status,reset}` for all of them together. An open list: names that are not known are kept, values that make no sense are
 * left out, and extra usage that is paid for (`unified-overage`) is no limit of this kind.
 */
export function parseLimitHeaders(
  headers: Iterable<readonly [name: string, value: string]>,
  nowMs: number,
): ReportedLimit[] {
  const found = new Map<string, Map<string, string>>();
  for (const [header, value] of headers) {
    const [, name = '', part = ''] = headerName.exec(header.toLowerCase()) ?? [];
    if (name === '' || name.startsWith('unified-overage')) continue;
    const parts = found.get(name) ?? new Map<string, string>();
    found.set(name, parts.set(part, value.trim()));
  }
  return [...found].slice(0, mostLimits).flatMap(([name, parts]) => limitOf(name, parts, nowMs) ?? []);
}

function limitOf(name: string, parts: ReadonlyMap<string, string>, nowMs: number): ReportedLimit | null {
  const limit = amount(parts.get('limit'));
  const remaining = amount(parts.get('remaining'));
  const used = amount(parts.get('utilization'));
  const status = parts.get('status')?.slice(0, 40);
  const leftShare = leftOf(limit, remaining, used, status);
  if (leftShare === null && status === undefined) return null;
  return {
    name,
    leftShare,
    ...(limit !== null && { limit }),
    ...(remaining !== null && { remaining }),
    ...(status !== undefined && { status }),
    resetAtMs: resetOf(parts.get('reset'), nowMs),
    seenAtMs: nowMs,
  };
}

function leftOf(
  limit: number | null,
  remaining: number | null,
  used: number | null,
  status: string | undefined,
): number | null {
  if (status === 'rejected') return 0;
  if (used !== null) return Math.min(1, Math.max(0, 1 - used));
  if (limit === null || remaining === null) return remaining === 0 ? 0 : null;
  return limit === 0 ? 0 : Math.min(1, remaining / limit);
}

function amount(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || text === '' || !Number.isFinite(value) || value < 0 ? null : value;
}

/** RFC 3339, or epoch seconds. Null for what is no time, and for one that is too far off to be true. */
function resetOf(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null;
  const atMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text);
  return Number.isFinite(atMs) && atMs <= nowMs + longestMs ? Math.round(atMs) : null;
}

/**
 * The limit that has less than `reserveShare` left and has not reset yet; of several the one that resets last. One without a time of
 * reset does not count: nobody could say when it ends. Null for none, and for a reserve of 0.
 */
export function limitInReserve(
  limits: readonly ReportedLimit[],
  reserveShare: number,
  nowMs: number,
): (ReportedLimit & { readonly resetAtMs: number; readonly leftShare: number }) | null {
  let last: (ReportedLimit & { readonly resetAtMs: number; readonly leftShare: number }) | null = null;
  for (const limit of limits) {
    const { resetAtMs, leftShare } = limit;
    if (resetAtMs === null || leftShare === null || leftShare >= reserveShare || resetAtMs <= nowMs) continue;
    if (last === null || resetAtMs > last.resetAtMs) last = { ...limit, resetAtMs, leftShare };
  }
  return last;
}

/** A limit's name for people: `5-hour limit`, `7-day limit`, `limit of input tokens`. */
export function limitTitle(name: string): string {
  const known = new Map([
    ['unified', 'overall limit'],
    ['unified-5h', '5-hour limit'],
    ['unified-7d', '7-day limit'],
  ]);
  const title = known.get(name);
  if (title !== undefined) return title;
  if (name.startsWith('unified-')) return `limit ${name.slice('unified-'.length)}`;
  return `limit of ${name.replaceAll('-', ' ')}`;
}

/** Whole percent, rounded down: what is left is never said to be more than it is. */
export function leftPercent(leftShare: number): number {
  return Math.floor(leftShare * 100 + 1e-9);
}

/** Why Claude is not asked, a sentence without its full stop. */
export function reserveReason(
  limit: { readonly name: string; readonly leftShare: number; readonly resetAtMs: number },
  reserveShare: number,
): string {
  const reserve = Number((reserveShare * 100).toFixed(2));
  const resetAt = new Date(limit.resetAtMs).toISOString();
  return `Claude reports ${leftPercent(limit.leftShare)}% left of its ${limitTitle(limit.name)}, less than the reserve of ${reserve}% (claude.reserve); it resets ${resetAt}`;
}
