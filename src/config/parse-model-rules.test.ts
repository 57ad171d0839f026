import { describe, expect, it } from 'vitest';
import { parseModelRules } from './parse-model-rules.ts';

describe('parseModelRules', () => {
  it('reads rules in their order', () => {
    expect(parseModelRules('claude-haiku-*=ollama, *=claude')).toEqual([
      { pattern: 'claude-haiku-*', agent: 'ollama' },
      { pattern: '*', agent: 'claude' },
    ]);
  });

  it.each(['', 'claude-haiku', '=ollama', 'a=gemini', 'a=claude,'])('refuses %j', (text) => {
    expect(parseModelRules(text)).toBeNull();
  });
});
