import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteLedger } from '../../src/state/sqlite-ledger.ts';
import type { TaskRecord } from '../../src/state/TaskRecord.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { type CommandOptions, document, teelamma } from './command.ts';

const hourMs = 3_600_000;
const sonnet = 'claude-sonnet-4-5';
let folder: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  folder = temporaryHome();
});
afterEach(() => folder.remove());

const run = (commandLine: string[], options: Omit<CommandOptions, 'home'> = {}) =>
  teelamma(['budget', ...commandLine], { home: folder.home, ...options });

/** Calls in the installation's ledger, each with its age in hours. */
async function record(
  calls: readonly {
    ageHours: number;
    tokens: number;
    project?: string;
    kind?: string;
    ollama?: boolean;
    task?: string;
  }[],
  tasks: readonly TaskRecord[] = [],
  limitTokens = 1_000_000,
): Promise<void> {
  let nowMs = Date.now();
  const budgets = () => [{ name: 'default', limitTokens, windowMs: 24 * hourMs, thresholdsPercent: [] }];
  await using ledger = openSqliteLedger(
    { file: join(folder.home, 'state', 'ledger.db'), budgets },
    { nowMs: () => nowMs, newId: randomUUID },
  );
  for (const { ageHours, tokens, project = 'shop', kind = 'complex', ollama, task = randomUUID() } of calls) {
    nowMs = Date.now() - ageHours * hourMs;
    const scope = { project, door: kind.startsWith('gateway') ? 'gateway' : 'cli' };
    const usage = {
      inputTokens: tokens,
      cacheCreationInputTokens: 0,
      cacheReadInputTokens: 0,
      outputTokens: 0,
    };
    if (ollama) {
      const free = { agent: 'ollama-specialist', model: 'qwen3:8b', usage, latencyMs: 5 };
      await ledger.recordTurn({ turnId: randomUUID(), taskId: task, kind, scope, ...free });
      continue;
    }
    const firstTurn = { model: sonnet };
    const made = await ledger.reserve({ taskId: task, kind, atLeastTokens: tokens, scope, firstTurn });
    if (!made.granted || !made.firstTurn) throw new Error('was refused');
    await ledger.settleTurn(made.firstTurn.turnId, { kind: 'usage', usage });
    await ledger.close(made.reservation.id);
  }
  for (const task of tasks) await ledger.recordTask(task);
}

function task(taskId: string, ageHours: number, cause: string, given: Partial<TaskRecord> = {}): TaskRecord {
  const startedAtMs = Date.now() - ageHours * hourMs;
  const targetAgent = cause === 'complex' ? 'claude-specialist' : 'ollama-specialist';
  return {
    taskId,
    kind: 'complex',
    scope: { project: 'shop', door: 'cli' },
    strategy: 'answer',
    startedAtMs,
    endedAtMs: startedAtMs + 60_000,
    decision: { targetAgent, reason: 'because', cause, confidence: 1, estimatedTokens: 1_000, forced: false },
    complexity: { level: 'complex', score: 0.8, confidence: 0.6, signals: [] },
    agent: targetAgent,
    model: null,
    outcome: 'approved',
    issues: [],
    chargedTokens: 0,
    turns: 1,
    handovers: [],
    latencyMs: 60_000,
    prompt: { length: 10, sha256: '0123456789abcdef', title: '=HYPERLINK("http://x")' },
    ...given,
  };
}

describe('budget history --by', () => {
  it('sums by day and agent, with a total, bars, prices, JSON and CSV', async () => {
    await record([
      { ageHours: 50, tokens: 4_000 },
      { ageHours: 1, tokens: 1_000, project: '=1+1' },
      { ageHours: 1, tokens: 600, ollama: true },
    ]);
    const { stdout, exitCode } = await run(['history', '--by', 'day,agent']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/claude-specialist +1 +4,000 .*\$0\.012.*█{20}/);
    expect(stdout).toMatch(/total +3 +5,600/);

    const found = document(await run(['history', '--by', 'project', '--since', '24h', '--json']));
    expect(found).toMatchObject({
      by: ['project'],
      usage: [
        { project: '=1+1', chargedTokens: 1_000, turns: 1, costUsd: 0.003 },
        { project: 'shop', chargedTokens: 0, inputTokens: 600, costUsd: 0 },
      ],
      total: { chargedTokens: 1_000, turns: 2 },
    });
    const csv = await run(['history', '--by', 'project', '--agent', 'claude', '--csv', '--since', '24h']);
    expect(csv.stdout.split('\n')).toEqual([
      'project,turns,inputTokens,cacheCreationInputTokens,cacheReadInputTokens,outputTokens,chargedTokens,costUsd',
      "'=1+1,1,1000,0,0,0,1000,0.003",
      '',
    ]);
    expect((await run(['history', '--by', 'day', '--project', 'nobody'])).stderr).toContain(
      'Nothing was used',
    );
  });

  it.each([
    [['history', '--by', 'week'], '--by is "week"'],
    [['history', '--by', 'day,hour'], 'not both hour and day'],
    [['history', '--by', 'day,agent,model'], 'one or two of'],
    [['history', '--project', 'x'], '--project needs --by'],
    [['history', '--by', 'day', '--limit', '5'], '--limit counts calls'],
    [['history', '--since', 'yesterday'], '--since is "yesterday"'],
    [['history', '--since', '2026-02-31'], '--since is "2026-02-31"'],
    [['replay', '--limit', 'many'], '--limit is "many"'],
    [['replay'], "'--limit <limits>'"],
    [['replay', '--limit', '5k', '--window', '5'], '--window is "5"'],
    [
      ['reconcile', '--claude-home', '/nowhere'],
      'There are no transcripts of Claude Code in /nowhere/projects',
    ],
    [['export', '--format', 'xml'], 'xml'],
    [['export', '--output', '/nowhere/x.csv'], 'could not be written to /nowhere/x.csv'],
  ])('says in one line what is wrong with %j', async (commandLine, problem) => {
    const { exitCode, stdout, stderr } = await run(commandLine);
    expect({ exitCode, stdout }).toEqual({
      exitCode: commandLine.includes('/nowhere/x.csv') ? 5 : 2,
      stdout: '',
    });
    expect(stderr).toContain(problem);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('budget forecast', () => {
  it('says when the budget ends at the present pace, also in one line of `budget`', async () => {
    await record([5, 4, 3, 2, 1, 0].map((ageHours) => ({ ageHours, tokens: 10_000 })));
    const environment = { TEELAMMA_BUDGET: '100k' };
    const found = document(await run(['forecast', '--json'], { environment }));
    expect(found).toMatchObject({ forecasts: [{ budget: 'default', remaining: 40_000, verdict: 'ends' }] });
    const [{ perHour, endsAtMs }] = found['forecasts'] as { perHour: number; endsAtMs: number }[] as [
      { perHour: number; endsAtMs: number },
    ];
    expect(perHour).toBeGreaterThan(8_000);
    expect(endsAtMs).toBeGreaterThan(Date.now() + hourMs);
    const text = (await run(['forecast'], { environment })).stdout.replace(/\s+/g, ' ');
    expect(text).toMatch(
      /default: 40,000 tokens left, resets .* At the present pace \([\d,]+ an hour\) it ends/,
    );
    expect((await run([], { environment })).stdout.replace(/\s+/g, ' ')).toContain('At the present pace');
  });

  it('says that too little is known', async () => {
    expect((await run(['forecast'])).stdout).toContain('too little was used');
    expect(document(await run(['forecast', '--json']))).toMatchObject({
      forecasts: [{ verdict: 'too-little-known', perHour: null }],
    });
  });
});

describe('budget replay', () => {
  it('says for each limit what would have stayed on Claude, and when it would have been short', async () => {
    const tasks = [
      task('a', 3, 'complex'),
      task('b', 2, 'complex'),
      task('c', 1, 'budget-exhausted'),
      task('d', 1, 'simple'),
    ];
    await record(
      [
        { ageHours: 3, tokens: 900, task: 'a' },
        { ageHours: 2, tokens: 900, task: 'b' },
        { ageHours: 1, tokens: 500, ollama: true, task: 'c' },
        { ageHours: 0.5, tokens: 400, kind: 'gateway main' },
      ],
      tasks,
    );
    const found = document(await run(['replay', '--limit', '1k,2k,10000,150k', '--json']));
    const results = found['results'] as Record<string, unknown>[];
    expect(results[0]).toMatchObject({
      limitTokens: 1_000,
      tasks: 3,
      tasksOnClaude: 1,
      turns: 3,
      turnsOnClaude: 1,
      tokens: 900,
    });
    expect(results[1]).toMatchObject({
      limitTokens: 2_000,
      tasksOnClaude: 2,
      turnsOnClaude: 2,
      tokens: 1_800,
      windowsShort: 1,
    });
    expect(results[2]).toMatchObject({
      tasksOnClaude: 3,
      turnsOnClaude: 3,
      tokens: 2_200,
      estimatedTokens: 1_000,
      firstRefusedAtMs: null,
      windows: 1,
    });
    const { stdout } = await run(['replay', '--limit', '2k']);
    expect(stdout).toMatch(/2,000 +2 of 3 \(66%\) +2 of 3 \(66%\) +1,800 +1 of 1/);
  });
});

describe('budget reconcile', () => {
  it('finds what only one side knows, by day and model, and writes nothing', async () => {
    await record([
      { ageHours: 2, tokens: 700, kind: 'gateway main' },
      { ageHours: 1, tokens: 55, kind: 'gateway main' },
      { ageHours: 1, tokens: 9_999 },
    ]);
    const claude = join(folder.home, 'claude');
    mkdirSync(join(claude, 'projects', '-home-me-shop'), { recursive: true });
    const file = join(claude, 'projects', '-home-me-shop', 'session.jsonl');
    const entry = (id: string, ageHours: number, tokens: number, model = `${sonnet}-20250929`) =>
      JSON.stringify({
        type: 'assistant',
        timestamp: new Date(Date.now() - ageHours * hourMs).toISOString(),
        message: { id, model, usage: { input_tokens: tokens, output_tokens: 0 } },
      });
    const lines = [
      JSON.stringify({ type: 'user', message: { role: 'user', content: 'hello' } }),
      entry('msg_1', 2, 3),
      entry('msg_1', 2, 700),
      entry('msg_2', 3, 40),
      entry('msg_3', 3, 1_000_000, '<synthetic>'),
      entry('msg_4', 24 * 30, 1),
      '{"type":"assistant","mess',
    ];
    writeFileSync(file, lines.join('\n'));
    const before = { files: readdirSync(claude, { recursive: true }), text: readFileSync(file, 'utf8') };
    const found = document(await run(['reconcile', '--claude-home', claude, '--json']));
    expect(found).toMatchObject({
      transcripts: { files: 1, unreadableLines: 1, calls: 2 },
      ledger: { calls: 2 },
      matchedCalls: 1,
    });
    const drift = found['drift'] as {
      driftTokens: number;
      transcriptsOnlyTokens: number;
      ledgerOnlyTokens: number;
    }[];
    const sum = (part: 'driftTokens' | 'transcriptsOnlyTokens' | 'ledgerOnlyTokens') =>
      drift.reduce((all, one) => all + one[part], 0);
    expect([sum('driftTokens'), sum('transcriptsOnlyTokens'), sum('ledgerOnlyTokens')]).toEqual([15, 40, 55]);
    expect(found['causes']).toEqual([
      expect.stringContaining('1 call is only in the transcripts'),
      expect.stringContaining('1 call is only in the ledger'),
    ]);
    const environment = { CLAUDE_CONFIG_DIR: claude };
    expect((await run(['reconcile'], { environment })).stdout).toContain(sonnet);
    expect({ files: readdirSync(claude, { recursive: true }), text: readFileSync(file, 'utf8') }).toEqual(
      before,
    );
  });
});

describe('budget export', () => {
  it('writes turns, tasks and windows in each form, safe for spreadsheets', async () => {
    await record([{ ageHours: 2, tokens: 700, project: 'a,b' }], [task('t1', 2, 'complex')]);
    const turns = await run(['export']);
    const [titles, row, end] = turns.stdout.split('\n');
    expect(titles).toMatch(/^turnId,taskId,startedAt,settledAt,kind,agent,model,state,project,user,/);
    expect(row).toContain(',complex,claude-specialist,claude-sonnet-4-5,settled,"a,b",,cli,');
    expect(end).toBe('');
    const jsonl = await run(['export', '--what', 'tasks', '--format', 'jsonl']);
    expect(JSON.parse(jsonl.stdout)).toMatchObject({ taskId: 't1', cause: 'complex', outcome: 'approved' });
    const csv = await run(['export', '--what', 'tasks']);
    expect(csv.stdout).toContain(`"'=HYPERLINK(""http://x"")"`);
    expect(csv.stdout.split('\n')[0]?.split(',')).toEqual(Object.keys(JSON.parse(jsonl.stdout)));
    const windows = document(await run(['export', '--what', 'windows', '--json']));
    expect(windows).toMatchObject({
      windows: [{ budget: 'default', open: true, unit: 'tokens', settled: 700 }],
    });
    expect(document(await run(['export', '--what', 'tasks', '--since', '1h', '--format', 'json']))).toEqual({
      tasks: [],
    });
  });

  it('writes a file that only its owner reads, and leaves nothing half done', async () => {
    await record(Array.from({ length: 30 }, (_, index) => ({ ageHours: index, tokens: 10 })));
    const file = join(folder.home, 'turns.csv');
    const { stdout, stderr } = await run(['export', '--output', file]);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: `30 turns written to ${file}.\n` });
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(31);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const target = join(folder.home, 'folder');
    mkdirSync(target);
    expect((await run(['export', '--output', target])).exitCode).toBe(5);
    expect(readdirSync(folder.home).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(existsSync(target)).toBe(true);
  });
});
