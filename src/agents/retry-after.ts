/**
 * How long Claude asks to be left alone, in milliseconds from now, 0 or more; undefined where it does not say.
 * `retry-after-ms` counts before `retry-after` (seconds or an HTTP date). Without either, the end of the rate limit that is used
 * up counts (`anthropic-ratelimit-*-reset` with `-remaining: 0`), the latest of several; where no limit says that it is used
 * up, the earliest end.
 *
 * @see https://docs.anthropic.com/en/api/rate-limits
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  return (
    durationMs(headers.get('retry-after-ms'), 1) ??
    durationMs(headers.get('retry-after'), 1_000) ??
    untilMs(headers.get('retry-after'), nowMs) ??
    rateLimitResetMs(headers, nowMs)
  );
}

function durationMs(value: string | null, unitMs: number): number | undefined {
  if (value === null || !/^\s*\d+(\.\d+)?\s*$/.test(value)) return undefined;
  return Math.ceil(Number(value) * unitMs);
}

function untilMs(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  // A date has letters; Date.parse alone would also make one of "-5".
  const atMs = /^\d+$/.test(value) ? Number(value) * 1_000 : /[a-z]/i.test(value) ? Date.parse(value) : NaN;
  return Number.isFinite(atMs) ? Math.max(0, Math.ceil(atMs - nowMs)) : undefined;
}

function rateLimitResetMs(headers: Headers, nowMs: number): number | undefined {
  const usedUp: number[] = [];
  const all: number[] = [];
  for (const [name, value] of headers) {
    const limit = /^anthropic-ratelimit-(.+)-reset$/.exec(name)?.[1];
    const waitMs = limit === undefined ? undefined : untilMs(value, nowMs);
    if (waitMs === undefined) continue;
    all.push(waitMs);
    if (headers.get(`anthropic-ratelimit-${limit}-remaining`) === '0') usedUp.push(waitMs);
  }
  if (usedUp.length > 0) return Math.max(...usedUp);
  return all.length > 0 ? Math.min(...all) : undefined;
}
