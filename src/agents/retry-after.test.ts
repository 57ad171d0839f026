import { describe, expect, it } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const nowMs = Date.parse('2026-11-24T12:00:00Z');
const read = (headers: Record<string, string>) => retryAfterMs(new Headers(headers), nowMs);

describe('retryAfterMs', () => {
  it('reads seconds, whole and broken', () => {
    expect(read({ 'retry-after': '30' })).toBe(30_000);
    expect(read({ 'retry-after': '0.25' })).toBe(250);
  });

  it('reads an HTTP date, and takes one in the past as now', () => {
    expect(read({ 'retry-after': 'Tue, 24 Nov 2026 12:01:00 GMT' })).toBe(60_000);
    expect(read({ 'retry-after': 'Tue, 24 Nov 2026 11:00:00 GMT' })).toBe(0);
  });

  it('prefers milliseconds', () => {
    expect(read({ 'retry-after-ms': '1500', 'retry-after': '30' })).toBe(1_500);
  });

  it('waits for the limit that is used up where nothing else is said', () => {
    expect(
      read({
        'anthropic-ratelimit-requests-remaining': '10',
        'anthropic-ratelimit-requests-reset': '2026-11-24T12:00:01Z',
        'anthropic-ratelimit-input-tokens-remaining': '0',
        'anthropic-ratelimit-input-tokens-reset': '2026-11-24T12:00:40Z',
        'anthropic-ratelimit-output-tokens-remaining': '0',
        'anthropic-ratelimit-output-tokens-reset': '2026-11-24T12:00:20Z',
      }),
    ).toBe(40_000);
  });

  it('takes the earliest reset where none says that it is used up, also as epoch seconds', () => {
    expect(
      read({
        'anthropic-ratelimit-requests-reset': '2026-11-24T12:00:50Z',
        'anthropic-ratelimit-unified-reset': String(nowMs / 1_000 + 10),
      }),
    ).toBe(10_000);
  });

  it('says nothing without a header, or with one that makes no sense', () => {
    expect(read({})).toBeUndefined();
    expect(read({ 'retry-after': 'soon' })).toBeUndefined();
    expect(read({ 'retry-after': '-5' })).toBeUndefined();
  });
});
