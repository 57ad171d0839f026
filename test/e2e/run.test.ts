import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSimulators } from '../../src/simulators/start-simulators.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { type CommandOptions, document, teelamma } from './command.ts';

let folder: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  folder = temporaryHome();
});
afterEach(() => folder.remove());

const run = (commandLine: string[], options: Omit<CommandOptions, 'home'> = {}) =>
  teelamma(commandLine, { home: folder.home, ...options });

describe('the task that is given', () => {
  const fiveMegabytes = 'five megabytes of words '.repeat(208_334);

  it.each<[string, string | Uint8Array, string]>([
    ['nothing', '', 'The task is empty'],
    ['white space', ' \n\t ', 'The task is empty'],
    ['5 MB', fiveMegabytes, 'The task is 5.0 MB long; at most 1 MB'],
    [
      'NUL bytes',
      Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0]),
      'binary, not text (6 bytes, with a NUL at byte 4)',
    ],
    ['invalid UTF-8', Buffer.from([0x68, 0x69, 0xff, 0xfe]), 'not valid UTF-8'],
  ])('is refused in one line where stdin is %s', async (_name, input, problem) => {
    const { exitCode, stdout, stderr } = await run(['run', '--simulate'], { input });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(problem);
    expect(stderr).not.toContain('    at ');
  });

  it('is refused where a pipe does not end', async () => {
    const { exitCode, stderr } = await run(['run'], { input: Buffer.alloc(17_000_000, 'x') });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('more than 16 MB');
  });

  it.each([
    [['run', '--file', '/no/such/file'], '/no/such/file cannot be read: there is no such file'],
    [['run', '--file', '/'], '/ cannot be read: it is a folder'],
    [['run', '--file', 'x', 'and words'], 'given twice'],
    [['run', '--agent', 'gpt', 'x'], 'Allowed choices are claude, ollama'],
    [['run', '--max-tokens', '0', 'x'], '--max-tokens is "0"'],
    [['run', ''], 'The task is empty'],
    [['route', ' '], 'The task is empty'],
  ])('or how it is given, as in %j', async (commandLine, problem) => {
    const { exitCode, stdout, stderr } = await run(commandLine);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^teelamma: .*\n$/);
    expect(stderr).toContain(problem);
  });
});

describe('run without a key and without Ollama', () => {
  it('says so, names both ways out and --simulate, and does not pretend', async () => {
    const { exitCode, stdout, stderr } = await run(['run', 'Explain what a mutex is']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    for (const words of ['ANTHROPIC_API_KEY', '`ollama serve`', '`ollama pull qwen3:8b`', '--simulate']) {
      expect(stderr).toContain(words);
    }
    const json = document(await run(['run', '--json', 'Explain what a mutex is']));
    expect(json).toMatchObject({ error: { code: 'no-specialist-available', exitCode: 3 } });
  });
});

describe('run --simulate', () => {
  it('is marked on stderr and in JSON, and touches no budget', async () => {
    const text = await run(['run', '--simulate', 'Explain what a mutex is']);
    expect(text).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('[simulated') });
    expect(text.stderr).toContain('SIMULATED');
    const json = await run(['run', '--simulate', '--json', '--agent', 'claude', 'Explain what a mutex is']);
    expect(document(json)).toMatchObject({ simulated: true, agent: 'claude-specialist' });
    expect(document(await run(['budget', '--json']))).toMatchObject({ used: 0 });
  });

  it('takes the task from stdin and from a file', async () => {
    const file = join(folder.home, 'task.txt');
    writeFileSync(file, 'Explain what a semaphore is');
    const fromFile = await run(['run', '--simulate', '--quiet', '--file', file]);
    const fromStdin = await run(['run', '--simulate', '-q', '-'], { input: 'Explain what a semaphore is' });
    expect(fromFile.stdout).toContain('[simulated');
    expect(fromStdin.stdout).toBe(fromFile.stdout);
    expect(fromStdin.stderr).toMatch(/^SIMULATED.*\n$/);
  });

  it('gives a pipe only the final answer, once, when an earlier one was repaired', async () => {
    const task = 'Write a sort function in TypeScript [[sim-ollama:broken-code]]';
    const { exitCode, stdout, stderr } = await run(['run', '--simulate', '--agent', 'ollama', task]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Critic: needs-repair');
    expect(stderr).toContain('repairs its answer');
    expect(stdout.match(/\[simulated/g)).toHaveLength(1);
    expect(stdout.match(/```typescript/g)).toHaveLength(1);
  });

  it('ends with 4 and says why when the critic approves nobody’s answer', async () => {
    const task = 'Explain what a mutex is [[sim:refuse]] [[sim-ollama:refuse]]';
    const { exitCode, stderr } = await run(['run', '--simulate', '--quiet', task]);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('not approved');
  });

  it('ends with 6 when Claude is forced past a limit that forbids it', async () => {
    const environment = { TEELAMMA_BUDGET: '100', TEELAMMA_ALLOW_FORCED: 'false' };
    const commandLine = ['run', '--simulate', '--json', '--agent', 'claude', 'Explain what a mutex is'];
    const result = await run(commandLine, { environment });
    expect(result.exitCode).toBe(6);
    expect(document(result)).toMatchObject({ error: { code: 'forced-not-allowed', estimatedTokens: 200 } });
  });
});

describe('run against both providers', () => {
  it('charges Claude’s tokens to the budget, lists them, and resets them', async () => {
    await using simulators = await startSimulators();
    const environment = {
      ANTHROPIC_API_KEY: 'sk-test-not-a-key',
      TEELAMMA_CLAUDE_URL: simulators.claude.url,
      OLLAMA_HOST: simulators.ollama.url,
    };
    const result = await run(['run', '--agent', 'claude', '--json', 'Explain what a mutex is'], {
      environment,
    });
    const { chargedTokens, costUsd, simulated } = document(result);
    expect(costUsd).toBeGreaterThan(0);
    expect(simulated).toBe(false);
    expect(chargedTokens).toBeGreaterThan(0);
    expect(document(await run(['budget', '--json']))).toMatchObject({
      used: chargedTokens,
      budgets: [{ settledTokens: chargedTokens, heldTokens: 0 }],
    });
    expect(document(await run(['budget', 'history', '--json', '--agent', 'claude']))).toMatchObject({
      turns: [{ agent: 'claude-specialist', state: 'settled', chargedTokens, costUsd }],
    });
    expect((await run(['budget', 'history'])).stdout).toMatch(
      /TIME .*CHARGED +COST\n.* claude .* settled.* \$0\.00\d+\n/,
    );
    await run(['budget', 'reset', '--yes']);
    expect(document(await run(['budget', '--json']))).toMatchObject({ used: 0 });
  });

  it('settles the ledger and ends with 130 when it is interrupted', async () => {
    await using simulators = await startSimulators();
    const environment = {
      ANTHROPIC_API_KEY: 'sk-test-not-a-key',
      TEELAMMA_CLAUDE_URL: simulators.claude.url,
    };
    const task = 'Explain what a mutex is [[sim:slow=100]] [[sim:tokens=2000]]';
    let isSent = false;
    const result = await run(['run', '--agent', 'claude', task], {
      environment,
      onStderr: (text, kill) => {
        if (isSent || !text.includes('tokens held')) return;
        isSent = true;
        setTimeout(() => kill('SIGINT'), 300);
      },
    });
    expect(result).toMatchObject({ exitCode: 130, stdout: '' });
    expect(result.stderr).toContain('Interrupted: settling the ledger');
    const { budgets } = document(await run(['budget', '--json']));
    expect(budgets).toMatchObject([{ heldTokens: 0, settledTokens: expect.any(Number) }]);
    expect((budgets as { settledTokens: number }[])[0]?.settledTokens).toBeGreaterThan(0);
  });
});

describe('route', () => {
  it('explains the decision and spends nothing', async () => {
    const { exitCode, stdout } = await run(['route', 'Refactor the session store and add tests']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^(claude|ollama)-specialist: /);
    expect(stdout).toMatch(/score 0\.\d\d, (at or above|below)/);
    const json = document(await run(['route', '--json', '--agent', 'claude', 'Refactor the session store']));
    expect(json).toMatchObject({
      targetAgent: 'claude-specialist',
      forced: true,
      estimatedTokens: expect.any(Number),
    });
    expect(document(await run(['budget', '--json']))).toMatchObject({ used: 0 });
  });
});
