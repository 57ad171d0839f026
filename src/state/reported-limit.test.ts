import { describe, expect, it } from 'vitest';
import { hasLimitHeaders, limitInReserve, parseLimitHeaders, reserveReason } from './reported-limit.ts';

const nowMs = Date.UTC(2026, 10, 25, 12);
const read = (headers: Record<string, string>) =>
  parseLimitHeaders(
    Object.entries(headers).map(([name, value]) => [`anthropic-ratelimit-${name}`, value] as const),
    nowMs,
  );

describe('parseLimitHeaders', () => {
  it('reads amounts with resets in RFC 3339', () => {
    const headers = {
      'input-tokens-limit': '30000',
      'input-tokens-remaining': '6000',
      'input-tokens-reset': '2026-11-25T12:00:40Z',
    };
    expect(read(headers)).toEqual([
      {
        name: 'input-tokens',
        leftShare: 0.2,
        limit: 30_000,
        remaining: 6_000,
        resetAtMs: nowMs + 40_000,
        seenAtMs: nowMs,
      },
    ]);
  });

  it('reads shares of a subscription with resets in epoch seconds, windows that are new too, and no extra usage', () => {
    const resetAtMs = nowMs + 3_600_000;
    const found = read({
      'unified-5h-utilization': '0.92',
      'unified-5h-reset': String(resetAtMs / 1_000),
      'unified-5h-status': 'allowed_warning',
      'unified-7d_oi-utilization': '1.2',
      'unified-status': 'allowed',
      'unified-reset': String(resetAtMs / 1_000),
      'unified-representative-claim': 'five_hour',
      'unified-fallback-percentage': '0.5',
      'unified-overage-status': 'rejected',
      'unified-overage-utilization': '0.1',
    });
    expect(found.map(({ name, leftShare, status }) => [name, leftShare?.toFixed(2), status])).toEqual([
      ['unified-5h', '0.08', 'allowed_warning'],
      ['unified-7d_oi', '0.00', undefined],
      ['unified', undefined, 'allowed'],
    ]);
    expect(found.map((limit) => limit.resetAtMs)).toEqual([resetAtMs, null, resetAtMs]);
  });

  it('takes a rejected window for used up', () => {
    expect(read({ 'unified-7d-status': 'rejected', 'unified-7d-utilization': '0.97' })[0]?.leftShare).toBe(0);
  });

  it('leaves out what makes no sense', () => {
    expect(read({ 'tokens-limit': 'many', 'tokens-remaining': '-4', 'tokens-reset': 'soon' })).toEqual([]);
    expect(read({ 'tokens-limit': '0', 'tokens-remaining': '0' })[0]?.leftShare).toBe(0);
    const farOff = read({ 'unified-5h-utilization': '1', 'unified-5h-reset': '99999999999' });
    expect(farOff[0]?.resetAtMs).toBeNull();
  });

  it('is asked only where there is something to read', () => {
    expect(hasLimitHeaders({ 'content-type': 'text/plain', 'retry-after': '3' })).toBe(false);
    expect(hasLimitHeaders({ 'anthropic-ratelimit-tokens-limit': '1' })).toBe(true);
  });
});

describe('limitInReserve', () => {
  const limits = read({
    'unified-5h-utilization': '0.91',
    'unified-5h-reset': String(nowMs / 1_000 + 60),
    'unified-7d-utilization': '0.95',
    'unified-7d-reset': String(nowMs / 1_000 + 6_000),
    'tokens-limit': '100',
    'tokens-remaining': '0',
  });

  it('is the one that resets last of those with less than the reserve, until it resets', () => {
    expect(limitInReserve(limits, 0.1, nowMs)?.name).toBe('unified-7d');
    expect(limitInReserve(limits, 0.05, nowMs)).toBeNull();
    expect(limitInReserve(limits, 0.1, nowMs + 5_999_999)?.name).toBe('unified-7d');
    expect(limitInReserve(limits, 0.1, nowMs + 6_000_000)).toBeNull();
    expect(limitInReserve(limits, 0, nowMs)).toBeNull();
  });

  it('says which, what is left, and when it resets', () => {
    const limit = limitInReserve(limits, 0.1, nowMs) ?? expect.fail('none');
    expect(reserveReason(limit, 0.1)).toBe(
      'Claude reports 5% left of its 7-day limit, less than the reserve of 10% (claude.reserve); it resets 2026-11-25T13:40:00.000Z',
    );
  });
});
