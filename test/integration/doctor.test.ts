import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Check } from '../../src/cli/doctor/Check.ts';
import { Outbox } from '../../src/notifications/Outbox.ts';
import { startClaudeSimulator } from '../../src/simulators/start-claude-simulator.ts';
import { startOllamaSimulator } from '../../src/simulators/start-ollama-simulator.ts';
import { openSqliteLedger } from '../../src/state/sqlite-ledger.ts';
import { teelamma } from '../support/teelamma.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { filesAfter, filesBefore } from '../torture/apply/changes.ts';

/** Nobody listens there any more. */
let nowhere: string;
beforeAll(async () => {
  const closed = await startOllamaSimulator();
  nowhere = closed.url;
  await closed.close();
});
const key = ['sk', 'ant', 'api03', 'x'.repeat(90)].join('-');

let home: string;
let remove: () => void;
beforeEach(() => ({ home, remove } = temporaryHome()));
afterEach(() => remove());

interface Diagnosis {
  readonly code: number | null;
  readonly checks: readonly Check[];
  readonly stdout: string;
}

async function diagnose(environment: Record<string, string>, ...words: string[]): Promise<Diagnosis> {
  const { code, stdout, stderr } = await teelamma(['doctor', '--json', ...words], {
    TEELAMMA_HOME: home,
    TEELAMMA_CLAUDE_URL: nowhere,
    OLLAMA_HOST: nowhere,
    ...environment,
  });
  expect(stderr).toBe('');
  const document = JSON.parse(stdout);
  expect(document.exitCode).toBe(code);
  return { code, stdout, checks: document.checks };
}

function found(checks: readonly Check[], name: string): Check[] {
  return checks.filter((check) => check.name === name);
}

function openLedger(nowMs: () => number) {
  const budget = { name: 'default', limitTokens: 10_000, windowMs: 86_400_000, thresholdsPercent: [] };
  return openSqliteLedger(
    { file: join(home, 'state', 'ledger.db'), budgets: () => [budget] },
    { nowMs, newId: () => crypto.randomUUID() },
  );
}

describe('teelamma doctor while Claude asked not to be called', () => {
  it('says until when, why, and how to ask again at once', async () => {
    await using claude = await startClaudeSimulator({ acceptKey: key });
    await using ollama = await startOllamaSimulator();
    claude.faults.next({ kind: 'rate-limited', retryAfterSeconds: 3_600 });
    const environment = {
      ANTHROPIC_API_KEY: key,
      TEELAMMA_HOME: home,
      TEELAMMA_CLAUDE_URL: claude.url,
      OLLAMA_HOST: ollama.url,
    };
    await teelamma(['run', '--agent', 'claude', 'Say hello'], environment);
    const { checks } = await diagnose(environment);
    const [check] = found(checks, 'Claude cool-down');
    expect(check).toMatchObject({ status: 'warn', fix: expect.stringContaining('cool-down.json') });
    expect(check?.found).toMatch(/in (59m|1h).*429/s);
    expect(check?.found).not.toContain(key);
  });
});

describe('teelamma doctor with providers that answer', () => {
  it('finds everything usable, spends no token, writes no key and makes no ledger', async () => {
    await using claude = await startClaudeSimulator({ acceptKey: key });
    await using ollama = await startOllamaSimulator();
    const environment = {
      ANTHROPIC_API_KEY: key,
      TEELAMMA_CLAUDE_URL: claude.url,
      OLLAMA_HOST: ollama.url,
      TEELAMMA_BUDGET: '2M',
    };
    const { code, checks, stdout } = await diagnose(environment);
    expect(code).toBe(0);
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(stdout).not.toContain('x'.repeat(20));
    expect(found(checks, 'Ollama model')[0]?.found).toBe(
      'qwen3:8b: 40,960 tokens of context; tools, thinking',
    );
    expect(found(checks, 'Configuration')[0]?.found).toContain('TEELAMMA_BUDGET');
    expect([claude.chargedTokens, ollama.chargedTokens]).toEqual([0, 0]);
    expect(claude.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/models',
      'GET /v1/models/claude-sonnet-5-5',
    ]);
    expect(ollama.requests.some(({ path }) => path === '/api/chat')).toBe(false);
    expect(readdirSync(home)).toEqual([]);
  });

  it('tells a refused key, and never repeats it', async () => {
    await using claude = await startClaudeSimulator({ acceptKey: 'another' });
    const { code, checks, stdout } = await diagnose({
      ANTHROPIC_API_KEY: key,
      TEELAMMA_CLAUDE_URL: claude.url,
    });
    expect(found(checks, 'Claude')).toEqual([
      expect.objectContaining({ status: 'fail', found: expect.stringContaining('401') }),
    ]);
    expect(code).toBe(3);
    expect(stdout).not.toContain('x'.repeat(20));
  });

  it('names models that are not there, with the line that gets the local one', async () => {
    await using claude = await startClaudeSimulator();
    await using ollama = await startOllamaSimulator();
    const { code, checks } = await diagnose({
      ANTHROPIC_API_KEY: key,
      TEELAMMA_CLAUDE_URL: claude.url,
      OLLAMA_HOST: ollama.url,
      TEELAMMA_CLAUDE_MODEL: 'gpt-nothing',
      TEELAMMA_OLLAMA_MODEL: 'llama9:3b',
    });
    expect(code).toBe(3);
    expect(found(checks, 'Claude model')[0]).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('gpt-nothing'),
    });
    expect(found(checks, 'Ollama model')).toEqual([
      {
        name: 'Ollama model',
        status: 'fail',
        found: 'llama9:3b is not installed; installed are qwen3:8b',
        fix: 'ollama pull llama9:3b',
      },
    ]);
  });

  it('is content with Ollama alone, and says what that means', async () => {
    await using ollama = await startOllamaSimulator();
    const environment = { TEELAMMA_HOME: home, OLLAMA_HOST: ollama.url };
    const { code, stdout } = await teelamma(['doctor'], environment);
    expect(code).toBe(0);
    expect(stdout).toMatch(/warn {2}Claude key +none is set/);
    expect(stdout).toMatch(
      /warn {2}Budget .*one turn of Claude Code takes about 12,000\n +fix: .*teelamma budget set 2M --window 5h/,
    );
    expect(stdout).toContain('Usable, with Ollama alone.');
  });

  it('takes what is not Ollama for what it is', async () => {
    await using claude = await startClaudeSimulator();
    const { checks } = await diagnose({ OLLAMA_HOST: claude.url });
    expect(found(checks, 'Ollama')[0]).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('is not Ollama'),
    });
  });
});

describe('teelamma doctor where things are missing or broken', () => {
  it('says that nobody is there, with both ways out', async () => {
    const { code, checks } = await diagnose({});
    expect(code).toBe(3);
    expect(found(checks, 'Ollama')[0]).toMatchObject({
      found: expect.stringContaining('ECONNREFUSED'),
      fix: expect.stringContaining('ollama serve'),
    });
    expect(found(checks, 'Claude key')[0]?.fix).toContain('ANTHROPIC_API_KEY');
  });

  it('asks nobody beyond this machine with --offline', async () => {
    const { code, checks } = await diagnose(
      { ANTHROPIC_API_KEY: key, OLLAMA_HOST: 'http://192.0.2.1:11434' },
      '--offline',
    );
    expect(code).toBe(0);
    expect(checks.filter(({ status }) => status === 'skipped').map(({ name }) => name)).toEqual([
      'Claude',
      'Ollama',
    ]);
  });

  it.each([
    ['a line break', `${key}\n`, 'fail'],
    ['quotes', `"${key}"`, 'fail'],
  ])('sees %s in a key', async (_name, value, status) => {
    const { checks } = await diagnose({ ANTHROPIC_API_KEY: value });
    expect(found(checks, 'Claude key')[0]?.status).toBe(status);
  });

  it('lists every setting that is not valid, looks at the rest with defaults, and ends with 2', async () => {
    await using ollama = await startOllamaSimulator();
    writeFileSync(
      join(home, 'config.json'),
      JSON.stringify({ budget: { limit: 'lots' }, ollama: { model: 7 } }),
    );
    const { code, checks } = await diagnose({ OLLAMA_HOST: ollama.url, TEELAMMA_WINDOW: 'forever' });
    const problems = found(checks, 'Configuration').map((check) => check.found);
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).toMatch(/budget\.limit[\s\S]*TEELAMMA_WINDOW[\s\S]*ollama\.model/);
    expect(found(checks, 'Ollama model')[0]?.status).toBe('ok');
    expect(code).toBe(2);
  });

  it('reports a config.json that is not JSON', async () => {
    writeFileSync(join(home, 'config.json'), '{ "budget": ');
    const { code, checks } = await diagnose({});
    expect(found(checks, 'Configuration')[0]).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('not valid JSON'),
    });
    expect(code).toBe(2);
  });

  it('reports a damaged ledger, leaves it alone, and ends with 5', async () => {
    mkdirSync(join(home, 'state'));
    writeFileSync(
      join(home, 'state', 'ledger.db'),
      'this is no database, but long enough to be one'.repeat(100),
    );
    const { code, checks } = await diagnose({});
    expect(found(checks, 'Ledger')[0]).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('not a readable SQLite database'),
    });
    expect(code).toBe(5);
  });

  it('reports a home that cannot be used, and ends with 5', async () => {
    const file = join(home, 'file');
    writeFileSync(file, '');
    const { code, checks } = await diagnose({ TEELAMMA_HOME: file });
    expect(found(checks, 'State folder')[0]?.status).toBe('fail');
    expect(code).toBe(5);
  });

  it('sees files that others can read', async () => {
    await using ledger = openLedger(Date.now);
    await ledger.charge(1);
    chmodSync(join(home, 'state', 'ledger.db'), 0o644);
    const { checks } = await diagnose({});
    expect(found(checks, 'Privacy')[0]).toMatchObject({
      status: 'warn',
      fix: expect.stringContaining('ledger.db"'),
    });
    expect(found(checks, 'Ledger')[0]?.status).toBe('ok');
  });

  it('sees a window that begins in the future, and an exhausted budget', async () => {
    const ledger = openLedger(() => Date.now() + 3_600_000);
    await ledger.charge(10_000);
    await ledger[Symbol.asyncDispose]();
    const { checks } = await diagnose({});
    expect(found(checks, 'Clock')[0]).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('teelamma budget reset'),
    });
    expect(
      found(checks, 'Budget')
        .map((check) => check.found)
        .join(),
    ).toContain('is exhausted (10,000 of 10,000)');
  });

  it('resolves what a killed process held, and says so', async () => {
    const child = spawn(
      process.execPath,
      ['--input-type=module', '--eval', heldByChild(join(home, 'state', 'ledger.db'))],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    const { checks } = await diagnose({});
    expect(found(checks, 'Recovery')[0]?.found).toContain(
      '700 tokens that were never sent are free again, 300 of 1 calls',
    );
    expect(found((await diagnose({})).checks, 'Recovery')).toEqual([]);
  });

  it('warns of variables that change where requests go', async () => {
    const { checks } = await diagnose({
      TEELAMMA_CLAUDE_URL: '',
      ANTHROPIC_BASE_URL: 'http://user:hunter22@127.0.0.1:9',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      HTTPS_PROXY: 'http://proxy:8080',
    });
    expect(found(checks, 'Environment')).toHaveLength(3);
    expect(JSON.stringify(checks)).not.toContain('hunter22');
  });

  it('sees a webhook without a secret, and messages that it has not taken', async () => {
    const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const webhook = { TEELAMMA_WEBHOOK_URL: 'https://hooks.example/in?token=hidden' };
    const webhookCheck = async (environment: Record<string, string>) => {
      const { checks, stdout } = await diagnose(environment, '--offline');
      expect(stdout).not.toMatch(/hidden|whsec_\w/);
      return found(checks, 'Webhook');
    };
    expect(await webhookCheck({})).toEqual([]);
    const fix = expect.stringContaining('set TEELAMMA_WEBHOOK_SECRET');
    expect(await webhookCheck(webhook)).toMatchObject([{ status: 'warn', fix }]);
    expect(await webhookCheck({ ...webhook, TEELAMMA_WEBHOOK_SECRET: 'whsec_short' })).toMatchObject([
      { status: 'warn', fix },
    ]);
    const whole = { ...webhook, TEELAMMA_WEBHOOK_SECRET: secret };
    expect(await webhookCheck(whole)).toEqual([
      {
        name: 'Webhook',
        status: 'ok',
        found: 'https://hooks.example, its secret in TEELAMMA_WEBHOOK_SECRET',
      },
    ]);
    const sinceMs = Date.now() - 2 * 3_600_000;
    new Outbox({ folder: join(home, 'state', 'outbox') }).add({ id: 'msg_1', sinceMs, dueMs: sinceMs }, '{}');
    expect(await webhookCheck(whole)).toMatchObject([
      { status: 'warn', found: expect.stringMatching(/has not taken one message, the oldest for 2h 0m$/) },
    ]);
  });

  it('sees a JSON mirror that is broken', async () => {
    mkdirSync(join(home, 'state'));
    writeFileSync(join(home, 'state', 'token_budget.json'), '{');
    const { checks } = await diagnose({});
    expect(found(checks, 'Budget file')[0]?.status).toBe('warn');
    expect(existsSync(join(home, 'state', 'ledger.db'))).toBe(false);
  });
});

function heldByChild(file: string): string {
  const source = resolve(import.meta.dirname, '../../src/state/sqlite-ledger.ts');
  return `
    const { openSqliteLedger } = await import(${JSON.stringify(source)});
    const budget = { name: 'default', limitTokens: 10_000, windowMs: 86_400_000, thresholdsPercent: [] };
    const ledger = openSqliteLedger({ file: ${JSON.stringify(file)}, budgets: () => [budget] }, { nowMs: Date.now, newId: () => crypto.randomUUID() });
    const { reservation } = await ledger.reserve({ taskId: 't', kind: 'complex', atLeastTokens: 1_000 });
    await ledger.beginTurn({ reservationId: reservation.id, atLeastTokens: 300, atMostTokens: 300, model: 'm' });
    process.stdout.write('held');
    setInterval(() => {}, 1_000);
  `;
}

describe('teelamma doctor after a check that was killed', () => {
  it('removes the copy of the workspace that was left, and says so, once', async () => {
    const source = resolve(import.meta.dirname, '../../src/config/scratch-folder.ts');
    const script = `const { makeScratch } = await import(${JSON.stringify(source)}); process.stdout.write(makeScratch('checks')); process.kill(process.pid, 'SIGKILL');`;
    const environment = { TMPDIR: home };
    const { stdout: left } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
    });
    writeFileSync(join(left, 'copy'), 'x');
    const { checks } = await diagnose(environment, '--offline');
    expect(found(checks, 'Scratch')).toMatchObject([
      { status: 'ok', found: expect.stringContaining('removed') },
    ]);
    expect(existsSync(left)).toBe(false);
    expect(found((await diagnose(environment, '--offline')).checks, 'Scratch')).toEqual([]);
  });
});

describe('teelamma doctor after an apply that was killed in the middle', () => {
  it('brings it to its end and says so, once', async () => {
    const folder = freshProject('project');
    const child = resolve(import.meta.dirname, '../torture/apply/child.ts');
    const apply = (to: string, state: string, killAt: number) =>
      spawnSync(process.execPath, [child, 'apply', to, state, String(killAt)], { encoding: 'utf8' });
    const points = Number(apply(freshProject('whole'), join(home, 'elsewhere'), 0).stdout);
    // By then the record of the change is whole, and not all of its files are in their places.
    expect(apply(folder, join(home, 'state'), Math.round(points * 0.8)).signal).toBe('SIGKILL');
    const { checks } = await diagnose({});
    expect(found(checks, 'Workspaces')).toMatchObject([
      {
        status: 'ok',
        found: `The change by "Change it" in ${folder} had been interrupted; it is finished now.`,
      },
    ]);
    for (const [path, text] of Object.entries(filesAfter))
      expect(readFileSync(join(folder, path), 'utf8')).toBe(text);
    expect(existsSync(join(folder, 'd'))).toBe(false);
    expect(found((await diagnose({})).checks, 'Workspaces')).toEqual([]);
  });

  function freshProject(name: string): string {
    const folder = join(home, name);
    for (const [path, text] of Object.entries(filesBefore)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return folder;
  }
});
