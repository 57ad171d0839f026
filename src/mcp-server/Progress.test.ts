import type { ServerContext } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Progress } from './Progress.ts';

describe('Progress', () => {
  let sent: Array<{ readonly progress: number; readonly message: string }>;
  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
  });
  afterEach(() => vi.useRealTimers());

  function contextWith(progressToken?: number): ServerContext {
    const notify = async ({ params }: { params: { progress: number; message: string } }) => {
      sent.push({ progress: params.progress, message: params.message });
    };
    const mcpReq = { _meta: { progressToken }, notify, signal: new AbortController().signal };
    return { mcpReq } as unknown as ServerContext;
  }

  const text = { type: 'text', agent: 'ollama-specialist', text: 'abc' } as const;
  const started = {
    type: 'turn-started',
    agent: 'ollama-specialist',
    model: 'm',
    purpose: 'answer',
    heldTokens: 0,
  } as const;

  it('keeps giving signs of life while a stage lasts, with a number that rises', () => {
    using progress = new Progress(contextWith(7), 5_000);
    progress.show(started);
    vi.advanceTimersByTime(5_000);
    progress.show(text);
    progress.show(text);
    vi.advanceTimersByTime(10_000);
    expect(sent).toEqual([
      { progress: 1, message: 'Answering: ollama-specialist (m)' },
      { progress: 2, message: 'Answering: ollama-specialist (m) - 6 characters so far' },
      { progress: 3, message: 'Answering: ollama-specialist (m) - 6 characters so far' },
    ]);
  });

  it('is silent when the call has ended', () => {
    const progress = new Progress(contextWith(7), 5_000);
    progress[Symbol.dispose]();
    vi.advanceTimersByTime(60_000);
    expect(sent).toEqual([]);
  });

  it('says nothing to a client that did not ask', () => {
    using progress = new Progress(contextWith(), 5_000);
    progress.show(started);
    vi.advanceTimersByTime(60_000);
    expect(sent).toEqual([]);
  });
});
