import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noUsage } from '../../src/messages/token-usage.ts';
import type { BudgetSpec, Ledger } from '../../src/state/Ledger.ts';
import { openPostgresLedger } from '../../src/state/postgres-ledger.ts';
import { describePostgresLedger } from '../support/postgres-ledger-suite.ts';
import { type PostgresServer, startPostgres } from '../support/start-postgres.ts';

describePostgresLedger('a ledger on Postgres with leases', { lease: true });

describe('leases', () => {
  let server: PostgresServer;
  let url: string;
  let budgets: BudgetSpec[];
  const open = (lease = true) =>
    openPostgresLedger({ url, budgets: () => budgets, graceMs: 0, lease }, { newId: randomUUID });

  beforeAll(async () => {
    server = await startPostgres(['fsync=off']);
  }, 60_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    url = await server.createDatabase();
    budgets = [spec(100_000, [100])];
  });

  it('reserve, begin, settle and close while another transaction has the window locked, and show it exactly', async () => {
    await using ledger = open();
    await ledger.reserve({ ...task(100), reservationId: 'first' });
    await using locker = await connect();
    await locker.client.query('BEGIN');
    await locker.client.query('SELECT FROM teelamma.budget_window FOR UPDATE');
    const second = await ledger.reserve({ ...task(200), firstTurn: { model: 'm', turnId: 'one' } });
    expect(second).toMatchObject({ granted: true, budgets: [{ settledTokens: 0, heldTokens: 300 }] });
    const begun = await ledger.beginTurn({
      reservationId: 'first',
      turnId: 'two',
      ...amount(150),
      model: 'm',
    });
    expect(begun).toMatchObject({ granted: true, heldTokens: 150 });
    expect(await ledger.settleTurn('one', usage(70))).toMatchObject({ changed: true, chargedTokens: 70 });
    await ledger.close('first');
    expect(await ledger.settleTurn('two', { kind: 'unknown', reason: 'cut' })).toMatchObject({
      chargedTokens: 150,
    });
    if (second.granted) await ledger.close(second.reservation.id);
    await locker.client.query('ROLLBACK');
    await using other = open(false);
    expect(await sums(other)).toEqual([220, 0]);
    expect(await stored(locker.client)).toMatchObject({ settled: 0 });
    expect(await other.check()).toMatchObject({ problems: [] });
  });

  it('leave nothing idle: who is short takes what others have leased, with and without leases of its own', async () => {
    const ledgers = [open(), open(), open(false)];
    for (const ledger of ledgers) expect((await ledger.reserve(task(1_000))).granted).toBe(true);
    await using locker = await connect();
    expect((await stored(locker.client)).held).toBeGreaterThan(3_000);
    expect(await ledgers[2]?.reserve(task(97_001))).toMatchObject({
      granted: false,
      remainingTokens: 97_000,
      cause: 'held',
    });
    expect((await ledgers[0]?.reserve(task(1_000)))?.granted).toBe(true);
    expect(await ledgers[1]?.reserve({ ...task(1), atMostTokens: 100_000 })).toMatchObject({
      granted: true,
      reservation: { grantedTokens: 96_000 },
    });
    for (const ledger of ledgers)
      expect(await ledger.reserve(task(1))).toMatchObject({
        granted: false,
        cause: 'held',
        remainingTokens: 0,
      });
    for (const ledger of ledgers) await ledger[Symbol.asyncDispose]();
    expect(await stored(locker.client)).toMatchObject({ settled: 0, held: 0 });
  });

  it('end with the limit that they were taken under, and with the window', async () => {
    await using ledger = open();
    await ledger.reserve({ ...task(1_000), reservationId: 'first' });
    budgets = [spec(1_500, [100])];
    expect(await ledger.reserve(task(600))).toMatchObject({ granted: false, remainingTokens: 500 });
    budgets = [spec(100_000, [100])];
    await ledger.reserve(task(1_000));
    await ledger.reset();
    expect((await ledger.reserve(task(1_000))).budgets).toMatchObject([{ heldTokens: 1_000 }]);
    expect(await ledger.beginTurn({ reservationId: 'first', ...amount(1_001), model: 'm' })).toMatchObject({
      granted: false,
      cause: 'window-passed',
    });
    expect(await ledger.check()).toMatchObject({ problems: [] });
  });

  it('let every threshold fire once, at the settle that reaches it, over several processes', async () => {
    budgets = [spec(10_000, [25, 50, 75, 90, 100])];
    const ledgers = [open(), open(), open(false)];
    const fired: number[] = [];
    for (const ledger of ledgers)
      ledger.subscribe((event) => event.type === 'threshold' && fired.push(event.percent));
    for (let settled = 0; settled < 10_000; ) {
      for (const ledger of ledgers) {
        if (settled === 10_000) break;
        const result = await ledger.reserve({ ...task(100), firstTurn: { model: 'm' } });
        if (!result.granted || !result.firstTurn) throw new Error('refused');
        await Promise.all([
          ledger.settleTurn(result.firstTurn.turnId, usage(100)),
          ledger.close(result.reservation.id),
        ]);
        settled += 100;
        expect(fired, `after ${settled}`).toEqual(
          [25, 50, 75, 90, 100].filter((one) => settled >= one * 100),
        );
      }
    }
    for (const ledger of ledgers) await ledger[Symbol.asyncDispose]();
  });

  it('add up after random work of ledgers with and without them, at the limit, in two budgets, one of them per user', async () => {
    budgets = [spec(60_000, [50, 75, 90, 100]), { ...spec(25_000, [50, 100]), name: 'user', each: 'user' }];
    const ledgers = [open(), open(), open(), open(false)];
    await Promise.all(ledgers.map((ledger) => ledger.recover()));
    await using watcher = await connect();
    await watcher.client.query(
      `ALTER TABLE teelamma.budget_window ADD CHECK (settled + held <= CASE budget WHEN 'user' THEN 25000 ELSE 60000 END)`,
    );
    const fired: string[] = [];
    for (const ledger of ledgers)
      ledger.subscribe(
        (event) =>
          event.type === 'threshold' &&
          fired.push(`${event.budget.name}/${event.budget.each?.value ?? ''} ${event.percent}`),
      );
    const told = new Map<string, number>();
    let refusals = 0;
    const work = async (ledger: Ledger, seed: number) => {
      const user = ['ann', 'ben', 'cid'][seed % 3] ?? 'ann';
      for (let n = 0; n < 60; n += 1) {
        const hold = 500 + ((seed * 7_919 + n * 104_729) % 3_000);
        const result = await ledger.reserve({ ...task(hold), scope: { user }, firstTurn: { model: 'm' } });
        if (!result.granted || !result.firstTurn) {
          refusals += 1;
          continue;
        }
        const used = n % 9 === 0 ? hold : Math.floor(hold / 9);
        const [settled] = await Promise.all([
          ledger.settleTurn(
            result.firstTurn.turnId,
            n % 5 === 0 ? { kind: 'not-charged', reason: '529' } : usage(used),
          ),
          ledger.close(result.reservation.id),
        ]);
        told.set(user, (told.get(user) ?? 0) + settled.chargedTokens);
      }
    };
    await Promise.all(
      ledgers.flatMap((ledger, index) => [0, 1, 2].map((lane) => work(ledger, index * 3 + lane))),
    );
    const status = await ledgers[0]?.status();
    const perUser = Object.fromEntries(
      status?.filter(({ each }) => each).map((one) => [one.each?.value, one.settledTokens]) ?? [],
    );
    expect(perUser).toEqual(Object.fromEntries(told));
    expect(status?.map(({ heldTokens }) => heldTokens)).toEqual([0, 0, 0, 0]);
    expect(status?.[0]?.settledTokens).toBe([...told.values()].reduce((sum, one) => sum + one, 0));
    expect(refusals).toBeGreaterThan(0);
    const reached = status?.flatMap((one) =>
      (one.each ? [50, 100] : [50, 75, 90, 100])
        .filter((percent) => one.settledTokens * 100 >= percent * one.limitTokens)
        .map((percent) => `${one.name}/${one.each?.value ?? ''} ${percent}`),
    );
    expect(fired.sort()).toEqual(reached?.sort());
    expect(await ledgers[0]?.check()).toMatchObject({ problems: [] });
    for (const ledger of ledgers) await ledger[Symbol.asyncDispose]();
    const { rows } = await watcher.client.query('SELECT count(*)::int AS leases FROM teelamma.lease');
    expect(rows).toEqual([{ leases: 0 }]);
  });

  async function connect() {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return { client, [Symbol.asyncDispose]: () => client.end() };
  }
});

/** The window's own row, without what its leases say. */
async function stored(client: pg.Client): Promise<{ settled: number; held: number }> {
  const { rows } = await client.query(
    'SELECT settled::float8, held::float8 FROM teelamma.budget_window WHERE NOT ended',
  );
  return rows[0] as { settled: number; held: number };
}

function spec(limitTokens: number, thresholdsPercent: readonly number[]): BudgetSpec {
  return { name: 'daily', limitTokens, windowMs: 86_400_000, thresholdsPercent };
}

function task(atLeastTokens: number) {
  return { taskId: 'task', kind: 'complex', atLeastTokens };
}

function amount(tokens: number) {
  return { atLeastTokens: tokens, atMostTokens: tokens };
}

function usage(outputTokens: number) {
  return { kind: 'usage', usage: { ...noUsage, outputTokens } } as const;
}

async function sums(ledger: Ledger): Promise<readonly [settled: number, held: number]> {
  const [budget] = await ledger.status();
  return [budget?.settledTokens ?? 0, budget?.heldTokens ?? 0];
}
