import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BudgetSpec, Ledger } from '../../src/state/Ledger.ts';
import { openPostgresLedger } from '../../src/state/postgres-ledger.ts';
import { openSqliteLedger } from '../../src/state/sqlite-ledger.ts';
import { TokenBudget } from '../../src/state/TokenBudget.ts';
import { type PostgresServer, startPostgres } from '../support/start-postgres.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { document, teelamma } from './command.ts';

const weights = { input: 1, cacheWrite5m: 1.25, cacheWrite1h: 2, cacheRead: 0.1, output: 1 };
const budgets: readonly BudgetSpec[] = [
  { name: 'default', limitTokens: 10_000, windowMs: 86_400_000, thresholdsPercent: [75, 90, 100] },
  {
    name: 'weighed',
    limitTokens: 50_000,
    windowMs: 86_400_000,
    thresholdsPercent: [],
    counts: { unit: 'tokens', weights },
  },
];
const usage = {
  inputTokens: 100,
  cacheCreationInputTokens: 40,
  cacheCreation5mInputTokens: 30,
  cacheReadInputTokens: 200,
  outputTokens: 60,
};

/** One turn of each ending, one still in flight, a forced one, a charge and a free turn. Ids are known. */
async function work(ledger: Ledger): Promise<void> {
  const turn = async (id: string, forced = false) => {
    const request = { taskId: id, kind: 'complex', atLeastTokens: 500, forced, reservationId: `task-${id}` };
    expect(
      await ledger.reserve({ ...request, firstTurn: { model: 'claude-sonnet-4-5', turnId: id } }),
    ).toMatchObject({
      granted: true,
    });
  };
  for (const id of ['settled', 'unknown', 'refused', 'flying']) await turn(id);
  await turn('forced', true);
  await ledger.settleTurn('settled', { kind: 'usage', usage });
  await ledger.settleTurn('forced', { kind: 'usage', usage });
  await ledger.settleTurn('unknown', { kind: 'unknown', reason: 'connection lost' });
  await ledger.settleTurn('refused', { kind: 'not-charged', reason: 'status 529' });
  await ledger.close('task-settled');
  await ledger.charge(25);
  const free = { turnId: 'free', taskId: 'f', kind: 'simple', agent: 'ollama-specialist', model: 'qwen' };
  await ledger.recordTurn({ ...free, usage, latencyMs: 5 });
}

describe('verify-budget', () => {
  let folder: ReturnType<typeof temporaryHome>;
  let file: string;
  beforeEach(() => {
    folder = temporaryHome();
    file = join(folder.home, 'state', 'ledger.db');
  });
  afterEach(() => folder.remove());

  const run = (...options: string[]) => teelamma(['verify-budget', ...options], { home: folder.home });
  const audit = async () => {
    const result = await run('--audit-only', '--json');
    return {
      exitCode: result.exitCode,
      ...(document(result)['audit'] as { problems: string[]; notes: string[] }),
    };
  };
  const open = () =>
    openSqliteLedger({ file, budgets: () => budgets }, { nowMs: Date.now, newId: randomUUID });
  /** Leaves a ledger whose process is gone. */
  const prepare = async () => {
    await using ledger = open();
    await work(ledger);
  };
  const tamper = (sql: string) => {
    const db = new DatabaseSync(file);
    expect(db.prepare(sql).run().changes).toBe(1);
    db.close();
  };

  it('proves on scratch ledgers what it says, where there is no ledger yet, and makes none', async () => {
    const result = await run('--quick', '--runs', '1', '--seed', '7');
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(result.stdout).toMatch(/4 processes asked at once for 800 reservations of one budget/);
    expect(result.stdout).toMatch(/They had sent [1-9]/);
    expect(result.stdout).toMatch(/It holds: there was no ledger to audit; no limit was passed/);
    expect(existsSync(file)).toBe(false);
  });

  it('audits a ledger at work and changes nothing in it', async () => {
    await using ledger = open();
    await work(ledger);
    const before = await ledger.history({});
    const { exitCode, problems, ...rest } = await audit();
    expect({ exitCode, problems }).toEqual({ exitCode: 0, problems: [] });
    expect(rest).toMatchObject({
      counts: {
        windows: 2,
        reservations: 5,
        openReservations: 4,
        settledTurns: 2,
        assumedTurns: 1,
        releasedTurns: 1,
        inFlightTurns: 1,
        freeTurns: 1,
        charges: 1,
        chargedTokens: 400 + 400 + 500 + 25,
      },
      mirror: 'none',
    });
    expect(await ledger.history({})).toEqual(before);
    expect((await ledger.check()).problems).toEqual([]);
  });

  it.each([
    [
      'a window sum',
      'UPDATE budget_window SET settled = settled - 400 WHERE seq = 1',
      /Window 1 of budget "default"/,
    ],
    [
      'a sum by weights',
      'UPDATE budget_window SET settled = settled + 1 WHERE seq = 2',
      /Window 2 of budget "weighed"/,
    ],
    [
      'a deleted turn',
      "DELETE FROM turn WHERE own_id = 'settled'",
      /task-settled says 1 charged turns.*deleted/,
    ],
    [
      'a smaller charge',
      "UPDATE turn SET charged = 1 WHERE own_id = 'settled'",
      /settled.*says 1 tokens.*must be 400/,
    ],
    ['a changed usage', "UPDATE turn SET output = 0 WHERE own_id = 'forced'", /must be 340/],
    ['an emptied reservation', "DELETE FROM reservation WHERE own_id = 'task-forced'", /which is not there/],
    ['a freed hold', "UPDATE turn SET state = 3 WHERE own_id = 'flying'", /released|Window 1/],
    ['a deleted charge', 'DELETE FROM charge', /Window 1 of budget "default"/],
  ])('notices %s', async (_what, sql, problem) => {
    {
      await using ledger = open();
      await work(ledger);
      tamper(sql);
      const { exitCode, problems } = await audit();
      expect(exitCode).toBe(5);
      expect(problems.join('\n')).toMatch(problem);
    }
  });

  it('notices a mirror that was edited by hand, and says that the ledger counts', async () => {
    const ledger = open();
    const mirror = join(folder.home, 'state', 'token_budget.json');
    const budget = new TokenBudget({ file: mirror }, { ledger, nowMs: Date.now, onWarning: expect.fail });
    await work(ledger);
    await budget.save();
    expect(await audit()).toMatchObject({ exitCode: 0, mirror: 'equal', problems: [] });
    const content = JSON.parse(readFileSync(mirror, 'utf8')) as { used: number };
    writeFileSync(mirror, JSON.stringify({ ...content, used: 3 }));
    const edited = await run('--audit-only');
    expect(edited.exitCode).toBe(5);
    expect(edited.stdout).toMatch(/WRONG .*says 3 used, the ledger says \d+/);
    expect(edited.stdout).toContain('It does NOT hold. What to do:');
    writeFileSync(mirror, 'broken');
    expect((await audit()).problems.join()).toContain('is no valid budget file');
    expect(readFileSync(mirror, 'utf8')).toBe('broken');
    await budget[Symbol.asyncDispose]();
    await ledger[Symbol.asyncDispose]();
  });

  it('says what to do with a damaged file, and with one that is no ledger', async () => {
    await prepare();
    truncateSync(file, 3_000);
    const damaged = await run('--audit-only');
    expect(damaged).toMatchObject({ exitCode: 5, stderr: '' });
    expect(damaged.stdout).toMatch(/WRONG The ledger .* Restore it from a backup/);
    writeFileSync(file, 'no ledger');
    const none = await run('--audit-only');
    expect(none).toMatchObject({ exitCode: 5, stderr: '' });
    expect(none.stdout).toMatch(/WRONG The ledger .* is not a readable SQLite database/);
  });

  /** Root may write everywhere else; whoever else runs this has the folder's mode. */
  it('audits a home that is read-only', async () => {
    await prepare();
    const state = join(folder.home, 'state');
    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      execFileSync('mount', ['--bind', state, state]);
      execFileSync('mount', ['-o', 'remount,ro,bind', state]);
    } else execFileSync('chmod', ['500', state]);
    try {
      const before = readdirSync(state);
      const { exitCode, problems, notes } = await audit();
      expect({ exitCode, problems }).toEqual({ exitCode: 0, problems: [] });
      expect(notes.join()).toContain('a copy of it was audited');
      expect(readdirSync(state)).toEqual(before);
    } finally {
      if (isRoot) execFileSync('umount', [state]);
      else execFileSync('chmod', ['700', state]);
    }
  });

  it.each([
    [['--runs', 'many'], '--runs is "many"'],
    [['--processes', '1'], '--processes is "1"'],
    [['--seed', '-3'], '--seed is "-3"'],
    [['--audit-only', '--quick'], '--audit-only runs no test'],
  ])('refuses %j', async (options, message) => {
    const result = await run(...options);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toContain(message);
  });

  it('says so where no scratch folder can be made', async () => {
    const options = { home: folder.home, environment: { TMPDIR: join(folder.home, 'file', 'in-it') } };
    writeFileSync(join(folder.home, 'file'), '');
    const result = await teelamma(['verify-budget', '--quick'], options);
    expect(result.exitCode).toBe(5);
    expect(result.stderr).toMatch(/needs a temporary folder in .*in-it.*Set TMPDIR/);
  });

  describe('of a ledger on Postgres', () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres();
    }, 60_000);
    afterAll(() => server[Symbol.asyncDispose]());

    it('audits the database, notices what was changed, and repeats no password', async () => {
      const url = await server.createDatabase();
      mkdirSync(folder.home, { recursive: true });
      const verify = async (...options: string[]) =>
        teelamma(['verify-budget', '--audit-only', ...options], {
          home: folder.home,
          environment: { TEELAMMA_LEDGER: url },
        });
      const empty = await verify();
      expect(empty.stdout).toContain('holds no ledger yet');
      await using ledger = openPostgresLedger({ url, budgets: () => budgets }, { newId: randomUUID });
      await work(ledger);
      const sound = document(await verify('--json'));
      expect(sound).toMatchObject({
        holds: true,
        audit: {
          problems: [],
          mirror: 'skipped',
          counts: { settledTurns: 2, assumedTurns: 1, inFlightTurns: 1, freeTurns: 1, charges: 1 },
        },
      });
      const { default: pg } = await import('pg');
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query("DELETE FROM teelamma.turn WHERE id = 'settled'");
      await client.end();
      const changed = await verify();
      expect(changed.exitCode).toBe(5);
      expect(changed.stdout).toMatch(/WRONG Reservation task-settled says 1 charged turns/);
      const away = await teelamma(['verify-budget', '--audit-only'], {
        home: folder.home,
        environment: { TEELAMMA_LEDGER: 'postgres://teelamma:very-secret@127.0.0.1:2/teelamma' },
      });
      expect(away.exitCode).toBe(5);
      expect(away.stdout).toMatch(/WRONG .*cannot be reached/);
      expect(away.stdout + away.stderr).not.toContain('very-secret');
    });
  });
});
