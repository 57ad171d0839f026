import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { BudgetSpec } from '../../../src/state/Ledger.ts';
import { openPostgresLedger } from '../../../src/state/postgres-ledger.ts';
import { compareJournals, type StoredTurn } from '../../../src/verify/journal.ts';
import { createRandom } from '../../../src/verify/random.ts';
import { type PostgresServer, startPostgres } from '../../support/start-postgres.ts';
import { runBudgets } from './budgets.ts';
import { runCrowd } from './crowd.ts';
import { judge, type Peak, type RunOptions, type RunReport, type StoredSums } from './RunReport.ts';

export interface PostgresRunOptions extends RunOptions {
  /** Ledger objects over all processes; each writes through a connection of its own. */
  readonly connections: number;
  /** Tasks at a time for each of them. Default 3. */
  readonly tasksAtOnce?: number;
  /** Mean time between two kills of the server. */
  readonly serverKillEveryMs: number;
}

const states = ['in-flight', 'settled', 'assumed', 'released'] as const;

/** Processes with several connections each over one Postgres; processes and the server itself are killed at random. */
export async function postgresRun(options: PostgresRunOptions): Promise<RunReport> {
  const folder = await mkdtemp(join(tmpdir(), 'teelamma-million-'));
  const random = createRandom(options.seed);
  // Kills of processes lose nothing that the kernel has: what a disk does with it is not tried here, and waiting for it only costs turns.
  const server = await startPostgres(['fsync=off']);
  try {
    const url = await server.createDatabase();
    const budgets = runBudgets(4_000 * options.connections, 3_000, options.turns);
    await using ledger = openPostgresLedger(
      { url, budgets: () => budgets, patienceMs: 30_000, graceMs: 3_000 },
      { newId: randomUUID },
    );
    await ledger.recover();
    const watch = new PostgresWatch(url, budgets);
    await watch.begin();
    const trouble = new ServerTrouble(server, options.serverKillEveryMs, createRandom(options.seed + 1));
    const crowd = await runCrowd({
      ...options,
      random,
      folder,
      child: {
        ledger: { url },
        budgets,
        refusedPauseMs: 500,
        ledgers: Math.max(1, Math.round(options.connections / options.processes)),
        ...(options.tasksAtOnce && { tasksAtOnce: options.tasksAtOnce }),
      },
    }).finally(() => trouble.end());
    const seen = await watch.end();
    // Killed clients are known by their sessions, which the server may take a moment to end.
    await delay(4_000);
    const recovered = await ledger.recover();
    const health = await ledger.check();
    const client = await connected(url);
    try {
      const journal = await compareJournals(crowd.journals, await storedTurns(client));
      const report = judge(crowd, seen, journal, recovered, await storedSums(client));
      return { ...report, serverKills: trouble.kills, problems: [...report.problems, ...health.problems] };
    } finally {
      await client.end();
    }
  } finally {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Kills the server (SIGKILL) at random times and starts it again. */
class ServerTrouble {
  kills = 0;
  private readonly stop = new AbortController();
  private readonly working: Promise<void>;

  constructor(server: PostgresServer, everyMs: number, random: () => number) {
    this.working = this.work(server, everyMs, random);
  }

  async end(): Promise<void> {
    this.stop.abort();
    await this.working;
  }

  private async work(server: PostgresServer, everyMs: number, random: () => number): Promise<void> {
    const { signal } = this.stop;
    for (;;) {
      const waited = delay(everyMs * (0.5 + random()), true, { signal }).catch(() => false);
      if (!(await waited)) return;
      await server.kill();
      this.kills += 1;
      await delay(random() * 500);
      await server.start();
    }
  }
}

/**
 * Looks at the database from outside. A trigger of its own notes the most that each budget ever had settled and held, in every
 * transaction that was committed; a connection of its own looks at the sums in between.
 */
class PostgresWatch {
  private readonly url: string;
  private readonly limits: ReadonlyMap<string, number>;
  private readonly problems: string[] = [];
  private readonly stop = new AbortController();
  private watching: Promise<void> | null = null;
  private looks = 0;

  constructor(url: string, budgets: readonly BudgetSpec[]) {
    this.url = url;
    this.limits = new Map(budgets.map(({ name, limitTokens }) => [name, limitTokens]));
  }

  async begin(): Promise<void> {
    const client = await connected(this.url);
    await client.query(`
      CREATE TABLE watch_peak (budget text PRIMARY KEY, most bigint NOT NULL);
      CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO watch_peak AS p VALUES (new.budget, new.settled + new.held)
          ON CONFLICT (budget) DO UPDATE SET most = excluded.most WHERE p.most < excluded.most;
        RETURN NULL;
      END $$;
      CREATE TRIGGER watch AFTER UPDATE ON teelamma.budget_window FOR EACH ROW
        WHEN (new.settled + new.held > old.settled + old.held) EXECUTE FUNCTION watch()`);
    await client.end();
    this.watching = this.work();
  }

  async end(): Promise<{ peaks: Peak[]; looks: number; problems: string[] }> {
    this.stop.abort();
    await this.watching;
    const client = await connected(this.url);
    const { rows } = await client.query(
      'SELECT budget, most::float8 AS most FROM watch_peak ORDER BY budget',
    );
    await client.end();
    const peaks = rows.map((row) => ({
      budget: String(row['budget']),
      limitTokens: this.limits.get(String(row['budget'])) ?? 0,
      mostTokens: Number(row['most']),
    }));
    return { peaks, looks: this.looks, problems: this.problems };
  }

  /** A connection that the killed server took with it is made anew. */
  private async work(): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      const client = await connected(this.url).catch(() => null);
      try {
        while (client && !signal.aborted) {
          await this.look(client);
          await delay(20);
        }
      } catch {
        // The server was killed: looks begin again when it is back.
      } finally {
        await client?.end().catch(() => undefined);
      }
      await delay(50);
    }
  }

  private async look(client: pg.Client): Promise<void> {
    const { rows } = await client.query(
      'SELECT budget, (settled + held)::float8 AS used FROM teelamma.budget_window WHERE NOT ended',
    );
    this.looks += 1;
    for (const row of rows) {
      const limit = this.limits.get(String(row['budget'])) ?? 0;
      if (Number(row['used']) > limit)
        this.problems.push(`seen from outside: ${row['used']} of ${limit} in ${row['budget']}`);
    }
  }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function storedTurns(client: pg.Client): Promise<Map<string, StoredTurn>> {
  const { rows } = await client.query(
    'SELECT id, state, hold::float8 AS hold, charged::float8 AS charged FROM teelamma.turn',
  );
  return new Map(
    rows.map((row) => {
      const turnId = String(row['id']);
      const state = states[Number(row['state'])] ?? 'in-flight';
      return [
        turnId,
        { turnId, state, heldTokens: Number(row['hold']), chargedTokens: Number(row['charged']) },
      ];
    }),
  );
}

async function storedSums(client: pg.Client): Promise<StoredSums> {
  const value = async (sql: string) => Number((await client.query(sql)).rows[0]?.['value'] ?? 0);
  const counts = await client.query('SELECT state, count(*) AS n FROM teelamma.turn GROUP BY state');
  return {
    windows: await value('SELECT count(*) AS value FROM teelamma.budget_window'),
    turns: Object.fromEntries(counts.rows.map((row) => [states[Number(row['state'])], Number(row['n'])])),
    chargedTokens: await value('SELECT sum(charged) AS value FROM teelamma.turn'),
    settledInRunWindow: await value(
      "SELECT sum(settled) AS value FROM teelamma.budget_window WHERE budget = 'run'",
    ),
    heldTokens: await value('SELECT sum(held) AS value FROM teelamma.budget_window'),
    openReservations: await value(
      'SELECT count(*) AS value FROM teelamma.reservation WHERE closed_ms IS NULL',
    ),
  };
}
