import { describe, expect, it } from 'vitest';
import type { MessagesRequest } from '../messages/types.ts';
import { conversationId, createConversations, isWithinToolUse } from './conversations.ts';

const request = (fields: object = {}) =>
  ({
    model: 'm',
    max_tokens: 1,
    messages: [{ role: 'user', content: 'hello' }],
    ...fields,
  }) as MessagesRequest;

describe('conversationId', () => {
  it("tells a session's agents and models apart", () => {
    const session = { 'x-claude-code-session-id': 's' };
    const ids = [
      conversationId(session, request()),
      conversationId({ ...session, 'x-claude-code-agent-id': 'a' }, request()),
      conversationId(session, request({ model: 'other' })),
      conversationId({}, request()),
    ];
    expect(new Set(ids).size).toBe(4);
    expect(conversationId(session, request({ messages: [] }))).toBe(ids[0]);
  });

  it('takes the session from the metadata, and else how the conversation begins', () => {
    const user_id = JSON.stringify({ device_id: 'd', session_id: '0a1b2c3d-session' });
    expect(conversationId({}, request({ metadata: { user_id } }))).toContain('0a1b2c3d-session');
    const longer = request({ messages: [...request().messages, { role: 'assistant', content: 'x' }] });
    expect(conversationId({}, longer)).toBe(conversationId({}, request()));
    expect(conversationId({}, request({ system: 's' }))).not.toBe(conversationId({}, request()));
  });
});

describe('createConversations', () => {
  it('forgets the one that was used the longest ago, and those that are too old', () => {
    let nowMs = 0;
    const conversations = createConversations({ most: 2, expiryMs: 100 }, { nowMs: () => nowMs });
    conversations.toOllama('a');
    conversations.toOllama('b');
    conversations.toOllama('a');
    conversations.toOllama('c');
    expect(['a', 'b', 'c'].map((id) => conversations.isOnOllama(id))).toEqual([true, false, true]);
    conversations.toClaude('a');
    expect(conversations.isOnOllama('a')).toBe(false);
    nowMs = 100;
    expect(conversations.isOnOllama('c')).toBe(false);
    expect(conversations.size).toBe(0);
  });
});

describe('isWithinToolUse', () => {
  it('looks at the last message that is not the system', () => {
    const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: '' }] };
    expect(isWithinToolUse(request({ messages: [result, { role: 'system', content: [] }] }))).toBe(true);
    expect(isWithinToolUse(request({ messages: [result, { role: 'user', content: 'go on' }] }))).toBe(false);
  });
});
