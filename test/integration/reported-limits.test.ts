import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReportedLimits } from '../../src/state/ReportedLimits.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { startTestGateway } from '../support/start-gateway.ts';
import { teelamma } from '../support/teelamma.ts';

const complexTask = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';
const nearlyUsed = `${complexTask} [[sim:limit=unified-5h left=4 reset=7200]]`;
const reason =
  /^Claude reports 4% left of its 5-hour limit, less than the reserve of 10% \(claude\.reserve\); it resets 20/;

describe('limits that Claude itself reports', () => {
  let installation: Installation;
  const cli = (...words: string[]) => teelamma(words, installation.environment as Record<string, string>);
  const file = () => join(installation.home, 'state', 'claude-limits.json');

  beforeEach(async () => {
    installation = await startInstallation();
  });
  afterEach(() => installation[Symbol.asyncDispose]());

  it('make the next task begin on Ollama, in this and in another process, until the limit resets', async () => {
    const [app, other] = [await installation.open(), await installation.open()];
    expect((await app.pipeline.executeTask(nearlyUsed)).agent).toBe('claude-specialist');
    for (const one of [app, other]) {
      const { agent, decision } = await one.pipeline.executeTask(complexTask);
      expect(agent).toBe('ollama-specialist');
      expect(decision.reason).toMatch(reason);
      expect(decision.targetAgent).toBe('ollama-specialist');
    }
    const route = await cli('route', complexTask, '--json');
    expect(JSON.parse(route.stdout)).toMatchObject({
      targetAgent: 'ollama-specialist',
      reason: expect.stringMatching(reason),
    });

    const content = readFileSync(file(), 'utf8');
    expect(content).not.toContain('sk-test');
    writeFileSync(file(), content.replace(/"resetAtMs":\d+/g, `"resetAtMs":${Date.now() - 1}`));
    expect((await other.pipeline.executeTask(complexTask)).agent).toBe('claude-specialist');
  });

  it('hand a running task over at its next turn', async () => {
    const app = await installation.open();
    const result = await app.pipeline.executeTask(`${nearlyUsed} [[sim:broken-code]]`);
    expect(result.turns.map(({ agent }) => agent)).toEqual(['claude-specialist', 'ollama-specialist']);
    expect(result.handovers[0]?.reason).toMatch(reason);
  });

  it('let a forced Claude pass, with a warning', async () => {
    const app = await installation.open();
    await app.pipeline.executeTask(nearlyUsed);
    const forced = await app.pipeline.executeTask(complexTask, 'claude-specialist');
    expect(forced.agent).toBe('claude-specialist');
    expect(forced.warnings.join()).toMatch(/^Claude reports 4% left.* - Claude was forced$/);
  });

  it('are shown and change nothing where the reserve is off', async () => {
    const app = await installation.open({ TEELAMMA_CLAUDE_RESERVE: 'off' });
    await app.pipeline.executeTask(nearlyUsed);
    expect((await app.pipeline.executeTask(complexTask)).agent).toBe('claude-specialist');
    expect(app.limits.of('sk-test-not-a-key')).toHaveLength(2);
  });

  it('are learnt from an error answer too', async () => {
    const app = await installation.open();
    await app.pipeline.executeTask(`${complexTask} [[sim:529]] [[sim:limit=tokens left=3 reset=600]]`);
    expect((await app.pipeline.executeTask(complexTask)).decision.reason).toContain(
      '3% left of its limit of tokens',
    );
  });

  it('are shown by `budget` and `doctor` of another process, and a damaged file is warned of', async () => {
    const app = await installation.open();
    await app.pipeline.executeTask(nearlyUsed);
    const shown = (await cli('budget')).stdout;
    expect(shown).toContain('Limits that Claude itself reports');
    expect(shown).toMatch(
      /5-hour limit: 4% left, Claude says allowed,\s+resets \w{3} [\s\S]*\(UTC\),\s+in\s+[12]h/,
    );
    expect(shown).toContain('below the reserve');
    const { claude } = JSON.parse((await cli('budget', '--json')).stdout);
    expect(claude).toMatchObject({
      reservePercent: 10,
      limits: [
        { name: 'unified-5h', leftPercent: 4, isInReserve: true, hasReset: false },
        { name: 'unified' },
      ],
    });
    expect((await cli('doctor', '--offline')).stdout).toContain('Claude reports 4% left of its 5-hour limit');

    writeFileSync(file(), '{"version":');
    const damaged = await cli('budget', '--json');
    expect(damaged.code).toBe(0);
    expect(damaged.stderr).toContain(`cannot be read from ${file()}`);
    expect(JSON.parse(damaged.stdout).claude.limits).toEqual([]);
  });

  it('are set with the reserve as a percentage, and nothing else', async () => {
    expect((await cli('config', 'set', 'claude.reserve', '25%')).stdout).toContain(
      'claude.reserve is now 25%',
    );
    expect((await cli('config', 'set', 'claude.reserve', 'off')).stdout).toContain(
      'claude.reserve is now off',
    );
    for (const wrong of ['100%', '0.1', '-5%', 'ten']) {
      const { code, stderr } = await cli('config', 'set', 'claude.reserve', wrong);
      expect(code).toBe(2);
      expect(stderr).toContain('a percentage from 0% to 99%');
    }
  });
});

describe('limits that Claude reports to the gateway', () => {
  it('send the next request of the same key to Ollama, and are kept for every process', async () => {
    const limits: { current: ReportedLimits | null } = { current: null };
    await using gateway = await startTestGateway({
      ports: {
        limits: {
          note: (...noted) => limits.current?.note(...noted),
          reserveReached: (credential) => limits.current?.reserveReached(credential) ?? null,
          flush: () => limits.current?.flush(),
        },
      },
    });
    const file = join(gateway.installation.home, 'state', 'claude-limits.json');
    const options = { file, reserveShare: 0.1, writeEveryMs: 10_000, readEveryMs: 1_000 };
    limits.current = new ReportedLimits(options, { nowMs: Date.now, onProblem: expect.fail });
    const ask = async (content: string, key: string, stream: boolean) => {
      const answer = await fetch(`${gateway.url}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': key },
        body: JSON.stringify({
          model: 'claude-sonnet-5-5',
          max_tokens: 300,
          stream,
          messages: [{ role: 'user', content }],
        }),
      });
      await answer.text();
      return answer.headers.get('x-teelamma-agent');
    };
    for (const stream of [true, false]) {
      const key = `key-${stream}`;
      expect(await ask('Hello [[sim:limit=unified-5h left=4 reset=7200]]', key, stream)).toContain('claude');
      expect(await ask('Hello', key, stream)).toContain('ollama');
      expect(await ask('Hello', 'somebody-else', stream)).toContain('claude');
      expect(gateway.decisions.map((one) => one.reason).join('\n')).toContain('4% left of its 5-hour limit');
      const elsewhere = new ReportedLimits(
        { file, reserveShare: 0.1 },
        { nowMs: Date.now, onProblem: expect.fail },
      );
      expect(elsewhere.reserveReached(key)?.reason).toMatch(reason);
    }
  });
});
