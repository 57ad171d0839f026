import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../support/temporary-home.ts';
import { type CommandOptions, document, teelamma } from './command.ts';

let folder: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  folder = temporaryHome();
});
afterEach(() => folder.remove());

const task =
  'Refactor the session store into an event-sourced module with migrations, and add tests for each race';

const run = (commandLine: string[], options: Omit<CommandOptions, 'home'> = {}) =>
  teelamma(commandLine, { home: folder.home, ...options });

describe('budget', () => {
  it('shows a fresh budget', async () => {
    const result = await run(['budget', '--json']);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(document(result)).toMatchObject({
      used: 0,
      remaining: 10_000,
      exhausted: false,
      limitSource: 'default',
      budgets: [{ name: 'default', limitTokens: 10_000, usedPercent: 0, windowStartMs: null }],
    });
    expect((await run(['budget'])).stdout).toContain('10,000 tokens per 24h');
  });

  it('sets the limit and the window', async () => {
    const set = await run(['budget', 'set', '2M', '--window', '5h']);
    expect(set).toMatchObject({ exitCode: 0, stderr: '', stdout: 'Limit set to 2,000,000 tokens per 5h.\n' });
    expect(document(await run(['budget', '--json']))).toMatchObject({
      remaining: 2_000_000,
      limitSource: 'file',
      budgets: [{ windowMs: 18_000_000 }],
    });
  });

  it.each(['banana', '-5', '-5k', '0', '1.5', '1e30', '99999999999999999999'])(
    'refuses %s as a limit and changes nothing',
    async (limit) => {
      const { exitCode, stdout, stderr } = await run(['budget', 'set', limit]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toContain(`is "${limit}": must be a whole number of tokens from 1 up`);
      expect(document(await run(['budget', '--json']))).toMatchObject({ limitSource: 'default' });
    },
  );

  it('counts money where the limit is money, and shows dollars', async () => {
    const set = await run(['budget', 'set', '$20', '--window', '7d']);
    expect(set).toMatchObject({ exitCode: 0, stderr: '', stdout: 'Limit set to $20.00 per 7d.\n' });
    const shown = document(await run(['budget', '--json']));
    expect(shown).toMatchObject({
      unit: 'usd',
      remaining: 20,
      bindingBudget: 'default',
      budgets: [{ name: 'default', unit: 'usd', limitUsd: 20, remainingUsd: 20, heldUsd: 0 }],
    });
    expect(JSON.stringify(shown)).not.toContain('limitTokens');
    const { stdout } = await run(['budget']);
    expect(stdout).toContain('$20.00 per 7d');
    expect(stdout).toContain('$0.00 used · $0.00 held · $20.00 remaining');
    expect(stdout).toContain('List prices as of 2026-');
    const { stderr } = await run(['budget', 'set', '$0.001']);
    expect(stderr).toContain('Few calls need less than $0.01');
    const route = await run(['route', task, '--json']);
    expect(document(route)).toMatchObject({ tokenBudgetStatus: { remaining: 1_000, unit: 'micro-usd' } });
    expect(document(route)['reason']).toContain(
      'Token budget too low ($0.001 left, about 1,000 tokens needed)',
    );
  });

  it('weighs token kinds, and says so', async () => {
    expect((await run(['config', 'set', 'budget.weights', '{"cacheRead": 0.1, "output": 5}'])).exitCode).toBe(
      0,
    );
    expect((await run(['config', 'get', 'budget.weights'])).stdout).toBe(
      '{"input":1,"cacheCreation":1,"cacheRead":0.1,"output":5}\n',
    );
    const { stdout } = await run(['budget']);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'A token counts 1 as input, 1 written to the cache, 0.1 read from it, 5 as output',
    );
  });

  it.each([
    ['budget.weights', { budget: { weights: { cacheread: 1 } } }],
    ['budgets[0].weights', { budgets: [{ name: 'm', limit: '$5', window: '5h', weights: { output: 2 } }] }],
    ['budgets[0].limit', { budgets: [{ name: 'm', limit: '€5', window: '5h' }] }],
    ['prices[0].output', { prices: [{ model: 'm', input: 1, output: '15' }] }],
    ['prices', { prices: { model: 'm' } }],
  ])('refuses wrong %s in one line', async (place, config) => {
    writeFileSync(join(folder.home, 'config.json'), JSON.stringify(config));
    const { exitCode, stdout, stderr } = await run(['budget']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^teelamma: .*\n$/);
    expect(stderr).toContain(place);
  });

  it('refuses a window without a unit', async () => {
    const { exitCode, stderr } = await run(['budget', 'set', '5k', '--window', '5']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('budget.window in the command line is "5": must be a duration');
  });

  it('says when the environment stays stronger than what was set', async () => {
    const environment = { TEELAMMA_BUDGET: '7k' };
    const { stderr } = await run(['budget', 'set', '9k'], { environment });
    expect(stderr).toContain('TEELAMMA_BUDGET=7k is set in the environment');
    expect(document(await run(['budget', '--json'], { environment }))).toMatchObject({ remaining: 7_000 });
  });

  it("shows every budget, when it ends on the user's clock, and which one binds", async () => {
    const calendar = { period: 'week', timeZone: 'Europe/Zurich', hour: 4 };
    const budgets = [
      { name: 'week', limit: '2M', calendar },
      { name: 'mine', limit: 900, window: '5h', each: 'project', match: { complexity: 'complex' } },
      { name: 'theirs', limit: 5, window: '5h', match: { project: 'another' } },
    ];
    writeFileSync(join(folder.home, 'config.json'), JSON.stringify({ budgets }));
    const environment = { TEELAMMA_PROJECT: 'shop', TZ: 'Asia/Tokyo' };
    const shown = document(await run(['budget', '--json'], { environment }));
    expect(shown).toMatchObject({ bindingBudget: 'mine', remaining: 900 });
    expect(shown['budgets']).toMatchObject([
      { name: 'default', isBinding: false },
      { name: 'week', limitTokens: 2_000_000, calendar, isBinding: false },
      { name: 'mine', each: { part: 'project', value: null } },
      { name: 'theirs', isBinding: false },
    ]);
    const stdout = (await run(['budget'], { environment })).stdout.replace(/\s+/g, ' ');
    expect(stdout).toContain(
      'Token budget week: 2,000,000 tokens per week, from Monday 04:00 (Europe/Zurich)',
    );
    expect(stdout).toMatch(/until Mon \d+ \w+ \d{4}, 1[12]:00 GMT\+9 \(Asia\/Tokyo\)/);
    expect(stdout).toContain('Limits only: complexity complex');
    expect(stdout).toContain('mine (project: shop) binds now: it has the least left, 900 tokens');

    const decision = document(await run(['route', task, '--json'], { environment }));
    expect(decision).toMatchObject({
      targetAgent: 'ollama-specialist',
      tokenBudgetStatus: { remaining: 900 },
    });
    const other = { ...environment, TEELAMMA_PROJECT: 'another' };
    expect(document(await run(['budget', '--json'], { environment: other }))).toMatchObject({
      bindingBudget: 'theirs',
      remaining: 5,
    });
  });

  it('lists an option once in its help, also where two commands have it', async () => {
    const { stdout } = await run(['budget', 'history', '--help']);
    expect(stdout.match(/--json/g)).toHaveLength(1);
  });

  it('forgets what was used on reset, which nobody does by accident', async () => {
    writeOlderBudget();
    const refused = await run(['budget', 'reset']);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain('add --yes');
    const unknown = await run(['budget', 'reset', 'weak']);
    expect(unknown).toMatchObject({ exitCode: 2, stdout: '' });
    expect(unknown.stderr).toContain('There is no budget "weak". Configured: default.');
    expect(document(await run(['budget', '--json']))).toMatchObject({ used: 8_000 });
    expect(document(await run(['budget', 'reset', '--yes', '--json']))).toMatchObject({
      reset: true,
      used: 0,
    });
    expect(document(await run(['budget', '--json']))).toMatchObject({ used: 0, remaining: 10_000 });
  });

  it('shows an older installation’s use before anything was run', async () => {
    writeOlderBudget();
    const environment = { TZ: 'Australia/Darwin' };
    const { stdout } = await run(['budget'], { environment });
    expect(stdout).toContain('8,000 used');
    expect(stdout).toMatch(/Resets .* GMT\+9:30 \(Australia\/Darwin\), in (59m \d+s|1h 0m)/);
  });

  it('says in one line that the ledger is corrupt', async () => {
    mkdirSync(join(folder.home, 'state'));
    writeFileSync(join(folder.home, 'state', 'ledger.db'), 'not a database'.repeat(1_000));
    const { exitCode, stdout, stderr } = await run(['budget']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: '' });
    expect(stderr).toMatch(/^teelamma: .*ledger\.db.*\n$/);
    const json = await run(['budget', '--json']);
    expect(document(json)).toMatchObject({ error: { code: 'state-corrupt', exitCode: 5 } });
  });

  it('says in one line that the state cannot be written', async () => {
    // A file where the folder should be: that stops root as well.
    writeFileSync(join(folder.home, 'state'), '');
    const { exitCode, stdout, stderr } = await run(['budget']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: '' });
    expect(stderr).toMatch(/^teelamma: .*\n$/);
  });
});

function writeOlderBudget(): void {
  mkdirSync(join(folder.home, 'state'));
  const older = { used: 8_000, resetTime: Date.now() + 3_600_000, dailyLimit: 10_000 };
  writeFileSync(join(folder.home, 'state', 'token_budget.json'), JSON.stringify(older));
}
