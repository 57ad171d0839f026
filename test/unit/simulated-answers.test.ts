import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Critic } from '../../src/agents/Critic.ts';
import { type ClaudeSimulator, startClaudeSimulator } from '../../src/simulators/start-claude-simulator.ts';

/** The critic's real parsers judge what the simulators write, so that a demo shows what it is meant to show. */
describe('simulated answers before the critic', () => {
  const critic = new Critic();
  let claude: ClaudeSimulator;
  beforeAll(async () => {
    claude = await startClaudeSimulator();
  });
  afterAll(() => claude.close());

  async function review(task: string) {
    const client = new Anthropic({ baseURL: claude.url, apiKey: 'k', maxRetries: 0 });
    const message = await client.messages.create({
      model: 'claude-sonnet-5-5',
      max_tokens: 1000,
      messages: [{ role: 'user', content: task }],
    });
    const verdict = await critic.review({ task, message });
    return { outcome: verdict.outcome, kinds: [...new Set(verdict.issues.map((issue) => issue.kind))] };
  }

  const languages = ['TypeScript', 'JavaScript', 'Python', 'Go', 'Rust', 'Java', 'C', 'bash', 'JSON'];

  it.each(languages)('%s parses, and its faulty forms are found', async (language) => {
    const task =
      language === 'JSON' ? 'Create a JSON file' : `Write a function in ${language} that parses dates`;
    expect(await review(task)).toEqual({ outcome: 'approved', kinds: [] });
    expect((await review(`${task} [[sim:broken-code]]`)).kinds).toEqual(['syntax-error']);
    expect((await review(`${task} [[sim:elide]]`)).kinds).toContain('elided-code');
  });

  it.each([
    ['refuse', 'rejected', 'refusal'],
    ['empty', 'rejected', 'no-answer'],
    ['secret', 'needs-repair', 'secret'],
    ['tokens=3000', 'needs-repair', 'cut-off'],
  ])('[[sim:%s]] is %s for %s', async (marker, outcome, kind) => {
    expect(await review(`Explain how it works. [[sim:${marker}]]`)).toEqual({ outcome, kinds: [kind] });
  });
});
