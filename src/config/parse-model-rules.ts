/** Who answers requests for models whose id matches; `*` in the pattern stands for any characters. */
export interface ModelRuleSetting {
  readonly pattern: string;
  readonly agent: 'claude' | 'ollama';
}

const rule = /^([\w.:*@-]{1,100})=(claude|ollama)$/;

/** Reads rules written as `claude-haiku-*=ollama, *=claude`, the first that matches counting; null where they are not of that form. */
export function parseModelRules(text: string): readonly ModelRuleSetting[] | null {
  const rules: ModelRuleSetting[] = [];
  for (const part of text.split(',')) {
    const [, pattern, agent] = rule.exec(part.trim()) ?? [];
    if (pattern === undefined) return null;
    rules.push({ pattern, agent: agent === 'claude' ? 'claude' : 'ollama' });
  }
  return rules;
}
