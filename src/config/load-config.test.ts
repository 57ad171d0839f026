import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { budgetSource } from './budget-source.ts';
import { writeConfigFile } from './config-file.ts';
import { checkSetting, loadConfig } from './load-config.ts';

describe('loadConfig', () => {
  let home: string;
  let file: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'teelamma-config-'));
    file = join(home, 'config.json');
  });

  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const load = (environment: Record<string, string> = {}) =>
    loadConfig({ TEELAMMA_HOME: home, ...environment });

  it('gives 10,000 tokens in 24 hours from nothing', () => {
    const { config, sources } = load();
    expect(config.budget).toEqual({
      limitTokens: 10_000,
      windowMs: 86_400_000,
      thresholdsPercent: [75, 90, 100],
      allowForced: true,
    });
    expect(sources.get('budget.limit')).toBe('default');
    expect(config.paths.budgetFile).toBe(join(home, 'state', 'token_budget.json'));
  });

  it('lays the file over the defaults and the environment over the file', () => {
    writeFileSync(file, JSON.stringify({ budget: { limit: '2M', window: '5h' } }));
    const { config, sources } = load({ TEELAMMA_WINDOW: '7d' });
    expect(config.budget).toMatchObject({ limitTokens: 2_000_000, windowMs: 604_800_000 });
    expect([sources.get('budget.limit'), sources.get('budget.window')]).toEqual(['file', 'environment']);
  });

  it('reads budgets of any number beside the default one', () => {
    const calendar = { period: 'week', timeZone: 'Europe/Zurich', hour: 4 };
    const budgets = [
      {
        name: 'web',
        limit: '200k',
        window: '5h',
        match: { project: 'web-*', door: ['cli', 'mcp'] },
        each: 'user',
      },
      { name: 'week', limit: 2_000_000, calendar, thresholds: [50] },
    ];
    writeFileSync(file, JSON.stringify({ budgets }));
    const { config } = load({ TEELAMMA_BUDGET: '7k' });
    const match = { project: ['web-*'], door: ['cli', 'mcp'] };
    const thresholdsPercent = [75, 90, 100];
    expect(config.budgets).toEqual([
      { name: 'web', limitTokens: 200_000, windowMs: 18_000_000, thresholdsPercent, match, each: 'user' },
      { name: 'week', limitTokens: 2_000_000, windowMs: 604_800_000, thresholdsPercent: [50], calendar },
    ]);
    expect(budgetSource(config)().map(({ name, limitTokens }) => [name, limitTokens])).toEqual([
      ['default', 7_000],
      ['web', 200_000],
      ['week', 2_000_000],
    ]);
    writeConfigFile(file, { 'budget.limit': 9 });
    expect(load().config).toMatchObject({ budget: { limitTokens: 9 }, budgets: config.budgets });
  });

  const good = { name: 'a', limit: 5, window: '5h' };
  it.each([
    [{}, 'budgets', 'must be a list'],
    [['x'], 'budgets[0]', 'must be an object with name, limit'],
    [[{ ...good, limits: 5 }], 'budgets[0].limits', 'is not a field; there are name, limit'],
    [[{ ...good, name: 'A b' }], 'budgets[0].name', '1 to 40 of a-z'],
    [[{ ...good, name: 'default' }], 'budgets[0].name', 'taken by the section "budget"'],
    [[good, good], 'budgets[1].name', 'the name is taken'],
    [[{ ...good, limit: 'banana' }], 'budgets[0].limit', 'a whole number of tokens'],
    [[{ ...good, limit: undefined }], 'budgets[0].limit', 'is missing'],
    [[{ name: 'a', limit: 5 }], 'budgets[0].window', 'or "calendar" instead'],
    [[{ ...good, window: '5' }], 'budgets[0].window', 'a duration with a unit'],
    [[{ ...good, each: 'cat' }], 'budgets[0].each', 'one of complexity, model, project, user, door'],
    [[{ ...good, match: { door: [] } }], 'budgets[0].match.door', 'a text of 1 to 200'],
    [[{ ...good, match: { dor: 'cli' } }], 'budgets[0].match.dor', 'is not a field'],
    [[{ ...good, thresholds: [] }], 'budgets[0].thresholds', 'ascending'],
    [
      [{ ...good, window: undefined, calendar: { period: 'year', timeZone: 'UTC' } }],
      'budgets[0].calendar.period',
      'day, week, month',
    ],
    [
      [{ ...good, window: undefined, calendar: { period: 'day', timeZone: 'Europe/Zuerich' } }],
      'budgets[0].calendar.timeZone',
      'IANA',
    ],
    [
      [{ ...good, window: undefined, calendar: { period: 'day', timeZone: 'UTC', hour: 24 } }],
      'budgets[0].calendar.hour',
      '0 to 23',
    ],
  ])('says what is wrong with %j', (budgets, key, problem) => {
    writeFileSync(file, JSON.stringify({ budgets }));
    expect(() => load()).toThrow(`${key} in ${file} `);
    expect(() => load()).toThrow(problem);
  });

  it('takes an empty variable for one that is not set', () => {
    expect(load({ TEELAMMA_BUDGET: '', ANTHROPIC_API_KEY: '' }).config).toMatchObject({
      budget: { limitTokens: 10_000 },
      claude: { apiKey: undefined },
    });
  });

  it('prefers its own upstream to the inherited one', () => {
    const inherited = { ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' };
    expect(load(inherited).config.claude.url).toBe('http://127.0.0.1:1');
    expect(load({ ...inherited, TEELAMMA_CLAUDE_URL: 'http://127.0.0.1:2/' }).config.claude.url).toBe(
      'http://127.0.0.1:2',
    );
  });

  it.each([
    [{ budget: { limit: 'banana' } }, 'budget.limit', 'is "banana": must be a whole number of tokens'],
    [{ budget: { limit: true } }, 'budget.limit', 'is true'],
    [{ budget: { window: '24' } }, 'budget.window', 'is "24": must be a duration with a unit'],
    [{ budget: { thresholds: [90, 75] } }, 'budget.thresholds', 'is [90,75]: must be ascending'],
    [{ budget: { limt: 5 } }, 'budget.limt', 'is not a setting; there are budget.limit, budget.window'],
    [{ claude: { url: 'ftp://x' } }, 'claude.url', 'is "ftp://x": must be a URL that starts with http'],
    [{ budget: 5 }, 'budget', 'is not a setting'],
  ])('says what is wrong in %j, and where', (content, key, problem) => {
    writeFileSync(file, JSON.stringify(content));
    expect(() => load()).toThrow(`${key} in ${file} ${problem}`);
  });

  it('names the variable where the environment is wrong', () => {
    expect(() => load({ TEELAMMA_BUDGET: 'lots' })).toThrow(
      'budget.limit in the environment (TEELAMMA_BUDGET) is "lots"',
    );
  });

  it('refuses a file that is not JSON and leaves it alone', () => {
    writeFileSync(file, '{"budget": ');
    expect(() => load()).toThrow(`${file} is not valid JSON`);
    expect(() => writeConfigFile(file, { 'budget.limit': '2M' })).toThrow('is not valid JSON');
    expect(readFileSync(file, 'utf8')).toBe('{"budget": ');
  });

  it('writes a setting and keeps the others, readable by the user alone', () => {
    writeConfigFile(file, { 'budget.limit': '2M', 'claude.model': 'claude-opus-5-5' });
    writeConfigFile(file, { 'budget.window': '5h', 'claude.model': undefined });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ budget: { limit: '2M', window: '5h' } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('says where it could not be written', () => {
    writeFileSync(join(home, 'a-file'), '');
    const write = () => writeConfigFile(join(home, 'a-file', 'config.json'), { 'budget.limit': '2M' });
    expect(write).toThrow(/a-file/);
    expect(() => writeConfigFile('/proc/teelamma/config.json', { 'budget.limit': '2M' })).toThrow(
      '/proc/teelamma/config.json cannot be written, so nothing was changed',
    );
  });

  it('checks a single value as the file would be', () => {
    expect(checkSetting('budget.limit', '20k', 'the command line')).toBe(20_000);
    expect(() => checkSetting('critic.repairRounds', '9', 'the command line')).toThrow(
      'critic.repairRounds in the command line',
    );
  });

  it('follows a changed file, and keeps the last good budget while it is broken', () => {
    const environment = { TEELAMMA_HOME: home };
    const budgets = budgetSource(loadConfig(environment).config, environment);
    const limit = () => budgets()[0]?.limitTokens;
    expect(limit()).toBe(10_000);
    writeConfigFile(file, { 'budget.limit': '20k' });
    expect(limit()).toBe(20_000);
    writeFileSync(file, '{ half');
    expect(limit()).toBe(20_000);
    writeFileSync(file, '{}');
    expect(limit()).toBe(10_000);
  });
});
