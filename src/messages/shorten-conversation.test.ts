import { describe, expect, it } from 'vitest';
import { conversationBytes, shortenConversation } from './shorten-conversation.ts';
import type { MessagesRequest } from './types.ts';

const call = (id: string) => ({ type: 'tool_use', id, name: 'Read', input: {} });
const result = (id: string, size: number) => ({
  type: 'tool_result',
  tool_use_id: id,
  content: id.repeat(size),
});
const thinking = (text: string) => ({ type: 'thinking', thinking: text.repeat(200), signature: 's' });
const request = {
  model: 'm',
  max_tokens: 1,
  messages: [
    { role: 'user', content: 'the task' },
    { role: 'assistant', content: [thinking('a'), call('1')] },
    { role: 'user', content: [result('1', 1_000)] },
    { role: 'assistant', content: [thinking('b'), call('2')] },
    { role: 'user', content: [result('2', 1_000)] },
    { role: 'assistant', content: [call('3')] },
    { role: 'user', content: [result('3', 1_000)] },
    { role: 'assistant', content: [thinking('c'), call('4')] },
    { role: 'user', content: [result('4', 1_000), { type: 'text', text: 'and now?' }] },
  ],
} as unknown as MessagesRequest;
const without = (bytes: number) => JSON.stringify(shortenConversation(request, bytes)?.request.messages);

describe('shortenConversation', () => {
  it('leaves out the oldest thinking first, and no more than is needed', () => {
    const shortened = shortenConversation(request, 10);
    expect(shortened).toMatchObject({ thinkingBlocks: 1, toolResults: 0 });
    expect(without(10)).not.toContain('aaa');
    expect(without(10)).toContain('bbb');
  });

  it('then the oldest results, keeping each in its place beside its call', () => {
    const shortened = shortenConversation(request, 1_300);
    expect(shortened).toMatchObject({ thinkingBlocks: 2, toolResults: 1 });
    const results = without(1_300)?.match(/"tool_use_id":"\d"/g);
    expect(results).toHaveLength(4);
    expect(without(1_300)).toContain('[old result left out: 1002 bytes]');
  });

  it('never what is new: the last thinking, the last two results, and what was written', () => {
    const least = without(Number.MAX_SAFE_INTEGER);
    expect(least).toContain('ccc');
    expect(least).toContain('333');
    expect(least).toContain('444');
    expect(least).toContain('the task');
    expect(least).not.toContain('222');
  });

  it('says when there is nothing left to leave out', () => {
    const shortest = shortenConversation(request, Number.MAX_SAFE_INTEGER)?.request as MessagesRequest;
    expect(shortenConversation(shortest, 1)).toBeNull();
    expect(conversationBytes(shortest)).toBeLessThan(conversationBytes(request));
  });
});
