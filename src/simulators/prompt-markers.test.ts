import { describe, expect, it } from 'vitest';
import { type PromptMarkers, readPromptMarkers, withoutMarkers } from './prompt-markers.ts';

describe('markers', () => {
  const cases: [string, PromptMarkers][] = [
    ['429', { fault: { kind: 'rate-limited' } }],
    ['429 retry-after=30', { fault: { kind: 'rate-limited', retryAfterSeconds: 30 } }],
    ['529', { fault: { kind: 'overloaded' } }],
    ['500', { fault: { kind: 'server-error' } }],
    ['502', { fault: { kind: 'bad-gateway' } }],
    ['status=404', { fault: { kind: 'status', status: 404 } }],
    ['model-missing', { fault: { kind: 'model-missing' } }],
    ['cut', { fault: { kind: 'disconnect' } }],
    ['cut-after=3', { fault: { kind: 'disconnect', afterEvents: 3 } }],
    ['end-early', { fault: { kind: 'end-early', afterEvents: 2 } }],
    ['malformed=4', { fault: { kind: 'malformed', afterEvents: 4 } }],
    ['error-after=0', { fault: { kind: 'error-event', afterEvents: 0 } }],
    ['slow=20 before=100', { fault: { kind: 'slow', beforeMs: 100, betweenMs: 20 } }],
    ['stall', { fault: { kind: 'stall' } }],
    ['stall-after=1', { fault: { kind: 'stall', afterEvents: 1 } }],
    ['empty-body', { fault: { kind: 'empty-body' } }],
    ['tool-as-text=tagged', { fault: { kind: 'tool-call-as-text', form: 'tagged' } }],
    ['broken-tool-json', { fault: { kind: 'broken-tool-json' } }],
    ['refuse', { style: 'refuse' }],
    ['elide', { style: 'elide' }],
    ['broken-code', { style: 'broken-code' }],
    ['secret', { style: 'secret' }],
    ['empty', { style: 'empty' }],
    ['tool=read', { tool: 'read' }],
    ['tokens=50', { tokens: 50 }],
    ['think', { think: true }],
    ['unheard-of', {}],
    ['status=abc', {}],
  ];
  it.each(cases)('[[sim:%s]]', (words, markers) => {
    expect(readPromptMarkers(`Do it [[sim:${words}]] now`, 'sim', false)).toEqual(markers);
    expect(readPromptMarkers(`Do it [[sim-ollama:${words}]]`, 'sim-ollama', false)).toEqual(markers);
    expect(readPromptMarkers(`Do it [[sim:${words}]]`, 'sim-ollama', false)).toEqual({});
  });

  it('ask for headers of limits, as shares or as amounts', () => {
    const headersFor = (words: string) =>
      readPromptMarkers(`Do it [[sim:${words}]]`, 'sim', false).limitHeaders ?? {};
    expect(headersFor('limit=unified-7d left=25 reset=60')).toMatchObject({
      'anthropic-ratelimit-unified-7d-utilization': '0.75',
      'anthropic-ratelimit-unified-7d-reset': expect.stringMatching(/^\d+$/),
      'anthropic-ratelimit-unified-status': 'allowed',
    });
    expect(headersFor('limit=unified-5h left=0')['anthropic-ratelimit-unified-5h-status']).toBe('rejected');
    expect(headersFor('limit=input-tokens left=5')).toMatchObject({
      'anthropic-ratelimit-input-tokens-limit': '1000',
      'anthropic-ratelimit-input-tokens-remaining': '50',
      'anthropic-ratelimit-input-tokens-reset': expect.stringMatching(/^20.*Z$/),
    });
  });

  it('add up', () => {
    expect(readPromptMarkers('[[sim:think]] and [[sim:tokens=9]]', 'sim', false)).toEqual({
      think: true,
      tokens: 9,
    });
  });

  it('count in a follow-up, but not where a request for repair quotes them', () => {
    expect(readPromptMarkers('Now in Go [[sim:500]]', 'sim', true)).toEqual({
      fault: { kind: 'server-error' },
    });
    expect(readPromptMarkers('Your answer to "x [[sim:500]]" was checked', 'sim', true)).toEqual({});
  });

  it('are taken out of the task, both kinds', () => {
    expect(withoutMarkers('Do [[sim:500]]it [[sim-ollama:cut-after=2]]')).toBe('Do it');
  });
});
