import { describe, expect, it } from 'vitest';
import { Router } from '../agents/Router.ts';
import type { MessagesRequest } from '../messages/types.ts';
import { createPolicy, type PolicyOptions } from './policy.ts';

const off: PolicyOptions = { models: [], background: 'claude-specialist', routeByComplexity: false };
const decide = (options: Partial<PolicyOptions>, model: string, content = 'What is 2 + 2?') =>
  createPolicy(
    { ...off, ...options },
    { router: new Router() },
  )({
    model,
    max_tokens: 1,
    messages: [
      { role: 'user', content },
      { role: 'assistant', content: 'Refactor the whole architecture and migrate the database' },
    ],
  } as MessagesRequest);

describe('the policy', () => {
  it('leaves everything to Claude by default', () => {
    expect(decide({}, 'claude-haiku-4-5').agent).toBe('claude-specialist');
  });

  it('follows the first rule that matches the model, before everything else', () => {
    const models = [
      { pattern: 'claude-haiku-*', agent: 'claude-specialist' as const },
      { pattern: '*', agent: 'ollama-specialist' as const },
    ];
    expect(decide({ models, background: 'ollama-specialist' }, 'claude-haiku-4-5')).toMatchObject({
      agent: 'claude-specialist',
      reason: 'Rule for models claude-haiku-*',
    });
    expect(decide({ models }, 'claude-opus-5').agent).toBe('ollama-specialist');
    expect(decide({ models: [{ pattern: 'a.c', agent: 'ollama-specialist' }] }, 'abc').agent).toBe(
      'claude-specialist',
    );
  });

  it('sends background requests of the small model to Ollama where that is wanted', () => {
    const background = 'ollama-specialist';
    expect(decide({ background }, 'claude-haiku-4-5').agent).toBe('ollama-specialist');
    expect(decide({ background }, 'claude-sonnet-5-5').agent).toBe('claude-specialist');
  });

  it('judges the first message of the user where that is wanted', () => {
    const hard = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';
    expect(decide({ routeByComplexity: true }, 'm').agent).toBe('ollama-specialist');
    expect(decide({ routeByComplexity: true }, 'm', hard).agent).toBe('claude-specialist');
  });
});
