import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isLedgerTrouble } from '../../src/errors.ts';
import { noUsage } from '../../src/messages/token-usage.ts';
import type { BudgetSpec, Ledger } from '../../src/state/Ledger.ts';
import { openPostgresLedger } from '../../src/state/postgres-ledger.ts';
import { type PostgresServer, startPostgres } from './start-postgres.ts';
import { startProxy } from './start-proxy.ts';

let server: PostgresServer;
let url: string;
let budgets: BudgetSpec[];

interface OpenOptions {
  readonly url?: string;
  readonly patienceMs?: number;
  readonly graceMs?: number;
}

/** What a ledger on Postgres survives; `options` are given to each ledger that the tests open. */
export function describePostgresLedger(name: string, options: { readonly lease: boolean }): void {
  describe(name, () => {
    beforeAll(async () => {
      server = await startPostgres();
    }, 60_000);
    afterAll(async () => {
      await server[Symbol.asyncDispose]();
    });
    beforeEach(async () => {
      url = await server.createDatabase();
      budgets = [{ name: 'daily', limitTokens: 10_000, windowMs: 86_400_000, thresholdsPercent: [100] }];
    });

    const open = (own: OpenOptions = {}) =>
      openPostgresLedger(
        { url, budgets: () => budgets, graceMs: 0, ...options, ...own },
        { newId: randomUUID },
      );

    it('does what a call asked for once, where the answer was lost on the way', async () => {
      await using proxy = await startProxy(Number(new URL(url).port));
      await using ledger = open({ url: throughProxy(proxy.port) });
      await ledger.reserve(task(100));
      proxy.loseAnswerTo('"do":"reserve"');
      const reserved = await ledger.reserve({ ...task(1_000), firstTurn: { model: 'm' } });
      if (!reserved.granted || !reserved.firstTurn) throw new Error('refused');
      proxy.loseAnswerTo('"do":"charge"');
      await ledger.charge(30);
      proxy.loseAnswerTo('"do":"settle"');
      const settled = await ledger.settleTurn(reserved.firstTurn.turnId, usage(70));
      expect(proxy.lost()).toBe(3);
      expect(settled).toMatchObject({ changed: true, chargedTokens: 70 });
      // Its reservation is open still and keeps the rest of its 1,000.
      expect(await sums(ledger)).toEqual([100, 1_030]);
    });

    if (!options.lease) {
      it('does not begin anew to connect where it takes long, and tells its callers in time', async () => {
        await using proxy = await startProxy(Number(new URL(url).port), 4_500);
        const ledger = open({ url: throughProxy(proxy.port), patienceMs: 0 });
        await expect(ledger.charge(10)).rejects.toThrow(/cannot be reached \(no connection within 3 s\)/);
        await ledger.charge(20);
        await ledger[Symbol.asyncDispose]();
        expect(proxy.connections()).toBe(1);
        const gone = open({ url: throughProxy(proxy.port), patienceMs: 0 });
        await expect(gone.charge(10)).rejects.toSatisfy(isLedgerTrouble);
        // What still connects does not keep it from closing.
        await gone[Symbol.asyncDispose]();
      });
    }

    it('takes back a grant that its caller was told had failed, and writes an outcome that could not be written', async () => {
      await using ledger = open({ patienceMs: 0 });
      const first = await ledger.reserve({ ...task(500), firstTurn: { model: 'm' } });
      if (!first.granted || !first.firstTurn) throw new Error('refused');
      await using proxy = await startProxy(Number(new URL(url).port));
      await using other = open({ url: throughProxy(proxy.port), patienceMs: 0 });
      await other.reserve({ ...task(100), reservationId: 'before' });
      proxy.loseAnswerTo('"do":"reserve"');
      await expect(other.reserve(task(1_000))).rejects.toSatisfy(isLedgerTrouble);
      proxy.loseAnswerTo('"do":"settle"');
      await expect(other.settleTurn(first.firstTurn.turnId, usage(60))).rejects.toSatisfy(isLedgerTrouble);
      // The next call of the same ledger carries both along.
      await other.close('before');
      expect(await sums(ledger)).toEqual([60, 440]);
      await ledger.close(first.reservation.id);
      expect(await sums(ledger)).toEqual([60, 0]);
    });

    it('resolves what a killed process left: in flight stays charged, never sent is free', async () => {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'postgres-holder.ts'), url, String(options.lease)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      await once(child.stdout, 'data');
      await using ledger = open();
      expect(await ledger.recover()).toMatchObject({ deadOwners: 0 });
      expect(await sums(ledger)).toEqual([0, 1_000]);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await expect
        .poll(async () => (await ledger.recover()).assumedTokens + (await sums(ledger))[0], {
          timeout: 20_000,
        })
        .toBeGreaterThanOrEqual(400);
      expect(await sums(ledger)).toEqual([400, 0]);
      expect((await ledger.settleTurn('flying', usage(30))).changed).toBe(true);
      expect(await sums(ledger)).toEqual([30, 0]);
    });

    it('lives on where its connection was cut, and later usage counts even if others took it for dead', async () => {
      await using ledger = open();
      const reserved = await ledger.reserve({ ...task(1_000), reservationId: 'mine' });
      expect(reserved.granted).toBe(true);
      const turn = await ledger.beginTurn({
        reservationId: 'mine',
        turnId: 'one',
        ...amount(400),
        model: 'm',
      });
      expect(turn.granted).toBe(true);
      await using other = open();
      await other.charge(1);
      await cutConnections();
      const { deadOwners } = await other.recover();
      // Either the ledger was back before the search or its holds were resolved; both are right.
      expect(deadOwners).toBeLessThanOrEqual(1);
      await ledger.settleTurn('one', usage(50));
      const again = await ledger.reserve(task(200));
      expect(again.granted).toBe(true);
      await ledger.close('mine');
      expect(await sums(ledger)).toEqual([51, 200]);
      expect(await other.recover()).toMatchObject({ deadOwners: 0 });
      expect(await sums(ledger)).toEqual([51, 200]);
    });

    it('takes nobody for dead while the server has only just started', async () => {
      await using ledger = open();
      await ledger.reserve(task(1_000));
      await server.kill();
      await server.start();
      await using other = open({ graceMs: 3_600_000 });
      expect(await other.recover()).toMatchObject({ deadOwners: 0 });
      expect(await sums(other)).toEqual([0, 1_000]);
    });

    it('is closed while it cannot be reached, says so without the password, and works when it is back', async () => {
      await using ledger = open({ patienceMs: 0 });
      await server.kill();
      try {
        const problem = await ledger.reserve(task(1)).catch((error: unknown) => error);
        expect(problem).toSatisfy(isLedgerTrouble);
        expect(String(problem)).toContain('cannot be reached');
        expect(String(problem)).not.toContain('secret');
        await expect(ledger.status()).rejects.toSatisfy(isLedgerTrouble);
        expect(ledger.snapshot()[0]).toMatchObject({ remainingTokens: 0, exhausted: true });
        const health = await ledger.check();
        expect(health).toMatchObject({ ok: false, location: expect.stringContaining('127.0.0.1') });
        expect(JSON.stringify(health)).not.toContain('secret');
      } finally {
        await server.start();
      }
      expect((await ledger.reserve(task(1))).granted).toBe(true);
    });

    it('makes its tables once, whoever comes first', async () => {
      const many = Array.from({ length: 6 }, () => open());
      await Promise.all(many.map((ledger) => ledger.charge(10)));
      expect(await sums(many[0] as Ledger)).toEqual([60, 0]);
      for (const ledger of many) await ledger[Symbol.asyncDispose]();
    });

    it('passes no limit where many begin the first window at once', async () => {
      await makeServerWatch(10_000);
      const many = Array.from({ length: 8 }, () => open());
      for (const ledger of many) await ledger.recover();
      for (let round = 0; round < 10; round += 1) {
        const results = await Promise.all(many.map((ledger) => ledger.reserve(task(3_000))));
        expect(results.filter(({ granted }) => granted)).toHaveLength(3);
        for (const [index, result] of results.entries()) {
          if (result.granted) await many[index]?.close(result.reservation.id);
        }
        await many[0]?.reset();
      }
      for (const ledger of many) await ledger[Symbol.asyncDispose]();
    });

    it('loses no settled token and passes no limit while the server is killed and started under load', async () => {
      // What 24 workers hold at a time is more than twice the limit, so it binds all the time.
      const limitTokens = 100_000;
      budgets = [{ name: 'daily', limitTokens, windowMs: 86_400_000, thresholdsPercent: [100] }];
      await makeServerWatch(limitTokens);
      const ledgers = Array.from({ length: 8 }, () => open({ patienceMs: 20_000 }));
      const settled = new Map<string, number>();
      let isOver = false;
      let refusals = 0;
      const failures: string[] = [];
      const work = async (ledger: Ledger, seed: number) => {
        for (let n = 0; !isOver && n < 2_000; n += 1) {
          const hold = 5_000 + ((seed * 7_919 + n * 104_729) % 10_000);
          const used = 1 + (hold % 40);
          try {
            const result = await ledger.reserve({ ...task(hold), firstTurn: { model: 'm' } });
            if (!result.granted || !result.firstTurn) {
              refusals += 1;
              await delay(20);
              continue;
            }
            const { turnId } = result.firstTurn;
            const [outcome] = await Promise.all([
              ledger.settleTurn(turnId, usage(used)),
              ledger.close(result.reservation.id),
            ]);
            if (outcome.changed) settled.set(turnId, used);
          } catch (error) {
            if (!isLedgerTrouble(error)) throw error;
            failures.push(error.message);
          }
        }
      };
      const workers = ledgers.flatMap((ledger, index) => [0, 1, 2].map((n) => work(ledger, index * 3 + n)));
      for (let round = 0; round < 3; round += 1) {
        await delay(1_000);
        await server.kill();
        await delay(200);
        await server.start();
      }
      await delay(1_000);
      isOver = true;
      await Promise.all(workers);
      for (const ledger of ledgers) await ledger[Symbol.asyncDispose]();

      await using auditor = open();
      await auditor.recover();
      const [used, held] = await sums(auditor);
      expect(held).toBe(0);
      expect(used).toBeLessThanOrEqual(limitTokens);
      expect(refusals).toBeGreaterThan(0);
      expect(failures.filter((message) => message.includes('refused'))).toEqual([]);
      expect(await auditor.check()).toMatchObject({ ok: true, problems: [] });
      const turns = await auditor.history({ limit: 100_000 });
      const stored = new Map(turns.map((turn) => [turn.turnId, turn]));
      const lost = [...settled].filter(([id, tokens]) => stored.get(id)?.chargedTokens !== tokens);
      expect(lost).toEqual([]);
      expect(turns.filter(({ state }) => state === 'in-flight')).toEqual([]);
      expect(settled.size).toBeGreaterThan(10);
    });
  });
}

function throughProxy(port: number): string {
  const proxied = new URL(url);
  proxied.port = String(port);
  return proxied.href;
}

/** Lets the server itself judge every commit: one that passes the limit fails. */
async function makeServerWatch(limitTokens: number): Promise<void> {
  await using ledger = openPostgresLedger({ url, budgets: () => budgets }, { newId: randomUUID });
  await ledger.recover();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`ALTER TABLE teelamma.budget_window ADD CHECK (settled + held <= ${limitTokens})`);
  await client.end();
}

/** Ends every other session of this database, as an administrator would. */
async function cutConnections(): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()`,
  );
  await client.end();
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
