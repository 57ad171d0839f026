import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DemoProof } from '../../src/cli/demo/DemoLedgerWatch.ts';
import type { DemoOutcome } from '../../src/cli/demo/demo-outcome.ts';
import { type CommandResult, teelamma } from '../support/teelamma.ts';
import { temporaryHome } from '../support/temporary-home.ts';

let folder: string;
let remove: () => void;
beforeEach(() => ({ home: folder, remove } = temporaryHome()));
afterEach(() => remove());

/** A user whose own installation must not take part: a broken configuration, a key, an empty folder for temporary files. */
async function demo(...words: string[]): Promise<CommandResult> {
  const [home, temporary] = [join(folder, 'home'), join(folder, 'tmp')];
  mkdirSync(home, { recursive: true });
  mkdirSync(temporary, { recursive: true });
  writeFileSync(join(home, 'config.json'), '{ broken');
  const key = ['sk', 'ant', 'must-not-be-used'].join('-');
  const result = await teelamma(['demo', ...words], {
    HOME: home,
    TEELAMMA_HOME: home,
    TMPDIR: temporary,
    ANTHROPIC_API_KEY: key,
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
    TEELAMMA_BUDGET: '5',
  });
  expect(readdirSync(home)).toEqual(['config.json']);
  expect(readdirSync(temporary).filter((name) => name.startsWith('teelamma'))).toEqual([]);
  return result;
}

describe('teelamma demo', () => {
  it('runs the budget out and goes on, marks every answer as simulated, and never passes the limit', async () => {
    const { code, stdout, stderr } = await demo('--json');
    expect([code, stderr]).toEqual([0, '']);
    const document: { simulated: boolean; tasks: DemoOutcome[]; proof: DemoProof } = JSON.parse(stdout);
    const { tasks, proof } = document;
    expect(document.simulated).toBe(true);
    expect(tasks).toHaveLength(12);
    for (const { answer } of tasks) expect(answer).toMatch(/^\[simulated (claude-|qwen3)/);

    const refused = tasks.filter(
      ({ level, decision }) => level === 'complex' && decision.targetAgent === 'ollama-specialist',
    );
    expect(refused.length).toBeGreaterThanOrEqual(2);
    for (const { decision, agent, chargedTokens } of refused) {
      expect(decision.reason).toMatch(
        /^Token budget (exhausted|too low .*) - automatic downgrade to Ollama$/,
      );
      expect([agent, chargedTokens]).toEqual(['ollama-specialist', 0]);
    }
    expect(tasks.filter(({ agent }) => agent === 'claude-specialist').length).toBeGreaterThanOrEqual(3);
    const events = tasks.flatMap((task) => task.events).join('\n');
    expect(events).toMatch(/handover to ollama: .*529/);
    expect(events).toMatch(/critic on claude's answer: needs-repair[\s\S]*repair by claude/);
    expect(events).toMatch(/75% of the budget is used/);

    expect(proof).toMatchObject({ limitTokens: 10_000, everPassedLimit: false, heldTokens: 0 });
    expect(proof.mostUsedTokens).toBeLessThanOrEqual(10_000);
    expect(proof.settledTokens).toBe(proof.billedTokens);
    expect(proof.settledTokens).toBe(tasks.reduce((sum, { chargedTokens }) => sum + chargedTokens, 0));
    expect(proof.settledTokens).toBeGreaterThan(8_000);
  });

  it('prints the same again, as plain text, with what to do next', async () => {
    const [first, second] = [await demo(), await demo()];
    expect(second).toEqual(first);
    expect(first.code).toBe(0);
    expect(first.stdout).not.toContain('\u001b');
    expect(first.stdout).toMatch(/^Demo, simulated:/);
    expect(first.stdout.match(/answer +\[simulated /g)).toHaveLength(12);
    expect(first.stdout).toContain('The limit was never passed');
    expect(first.stdout).toContain('teelamma doctor');
    const width = Math.max(...first.stdout.split('\n').map((line) => line.length));
    expect(width).toBeLessThanOrEqual(100);
  });
});
