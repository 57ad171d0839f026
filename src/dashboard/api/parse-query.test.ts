import { describe, expect, it } from 'vitest';
import { parseQuery } from './parse-query.ts';

const nowMs = Date.UTC(2026, 10, 25, 12);
const parse = (query: string) => parseQuery(new URLSearchParams(query), nowMs);

describe('parseQuery', () => {
  it('is a week by agent in UTC where nothing is said', () => {
    expect(parse('')).toEqual({
      ok: true,
      query: {
        filter: { period: '7d', sinceMs: nowMs - 7 * 86_400_000 },
        by: 'agent',
        zone: 'UTC',
        limit: 50,
      },
    });
  });

  it('reads every filter', () => {
    const query =
      'period=all&agent=ollama-specialist&model=qwen3%3A8b&project=web&kind=simple&by=model&zone=Europe/Zurich&outcome=running&limit=5&before=12,a%2Cb';
    expect(parse(query)).toEqual({
      ok: true,
      query: {
        filter: {
          period: 'all',
          agent: 'ollama-specialist',
          model: 'qwen3:8b',
          project: 'web',
          kind: 'simple',
        },
        by: 'model',
        zone: 'Europe/Zurich',
        outcome: 'running',
        before: { startedAtMs: 12, taskId: 'a,b' },
        limit: 5,
      },
    });
  });

  it('takes an empty filter for none, and - for what is not known', () => {
    expect(parse('project=&kind=-')).toMatchObject({ query: { filter: { kind: '' } } });
    expect(parse('project=')).not.toMatchObject({ query: { filter: { project: expect.anything() } } });
  });

  it.each([
    ['periode=7d', /no filter "periode"/],
    ['period=8d', /^period: /],
    ['by=user', /^by: /],
    ['zone=Mars/Olympus', /IANA time zone/],
    ['limit=0', /^limit: /],
    ['limit=many', /^limit: /],
    ['limit=100000', /^limit: /],
    ['before=yesterday', /^before: /],
    ['outcome=lost', /^outcome: /],
    [`model=${'x'.repeat(300)}`, /^model: /],
  ])('says what is wrong with %s', (query, message) => {
    expect(parse(query)).toEqual({ ok: false, message: expect.stringMatching(message) });
  });
});
