import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { BudgetSpec } from '../../../src/state/Ledger.ts';
import { openSqliteLedger } from '../../../src/state/sqlite-ledger.ts';
import { compareJournals, type StoredTurn } from '../../../src/verify/journal.ts';
import { createRandom } from '../../../src/verify/random.ts';
import { runBudgets } from './budgets.ts';
import { runCrowd } from './crowd.ts';
import { judge, type Peak, type RunOptions, type RunReport, type StoredSums } from './RunReport.ts';

const states = ['in-flight', 'settled', 'assumed', 'released'] as const;

/** Processes over one SQLite file, killed at random; then everything they were told against everything that is stored. */
export async function sqliteRun(options: RunOptions): Promise<RunReport> {
  const folder = await mkdtemp(join(tmpdir(), 'teelamma-million-'));
  const file = join(folder, 'ledger.db');
  const budgets = runBudgets(2_500 * options.processes, 3_000, options.turns);
  const ledger = openSqliteLedger(
    { file, budgets: () => budgets, busyTimeoutMs: 60_000 },
    { nowMs: Date.now, newId: randomUUID },
  );
  try {
    await ledger.recover();
    const watch = new SqliteWatch(file, budgets);
    const crowd = await runCrowd({
      ...options,
      random: createRandom(options.seed),
      folder,
      child: { ledger: { file }, budgets, refusedPauseMs: 500 },
    });
    const seen = watch.end();
    const recovered = await ledger.recover();
    const health = await ledger.check();
    const db = new DatabaseSync(file, { readOnly: true });
    try {
      const journal = await compareJournals(crowd.journals, storedTurns(db));
      const report = judge(crowd, seen, journal, recovered, storedSums(db));
      return { ...report, problems: [...report.problems, ...health.problems] };
    } finally {
      db.close();
    }
  } finally {
    await ledger[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Looks at the file from outside. A trigger of its own notes the most that each budget ever had settled and held, at every commit of
 * every process; a connection of its own looks at the sums in between.
 */
class SqliteWatch {
  private readonly db: DatabaseSync;
  private readonly limits: ReadonlyMap<string, number>;
  private readonly timer: NodeJS.Timeout;
  private readonly problems: string[] = [];
  private looks = 0;

  constructor(file: string, budgets: readonly BudgetSpec[]) {
    this.limits = new Map(budgets.map(({ name, limitTokens }) => [name, limitTokens]));
    this.db = new DatabaseSync(file, { timeout: 60_000 });
    this.db.exec(`
      CREATE TABLE watch_peak (budget TEXT PRIMARY KEY, most INTEGER NOT NULL);
      CREATE TRIGGER watch AFTER UPDATE ON budget_window
        WHEN new.settled + new.held > coalesce((SELECT most FROM watch_peak WHERE budget = new.budget), -1)
        BEGIN
          INSERT INTO watch_peak VALUES (new.budget, new.settled + new.held)
            ON CONFLICT (budget) DO UPDATE SET most = excluded.most;
        END;`);
    const sums = this.db.prepare('SELECT budget, settled + held AS used FROM budget_window WHERE ended = 0');
    this.timer = setInterval(() => {
      this.looks += 1;
      for (const row of sums.all()) {
        const limit = this.limits.get(String(row['budget'])) ?? 0;
        if (Number(row['used']) > limit)
          this.problems.push(`seen from outside: ${row['used']} of ${limit} in ${row['budget']}`);
      }
    }, 20);
  }

  end(): { peaks: Peak[]; looks: number; problems: string[] } {
    clearInterval(this.timer);
    const peaks = this.db
      .prepare('SELECT budget, most FROM watch_peak ORDER BY budget')
      .all()
      .map((row) => ({
        budget: String(row['budget']),
        limitTokens: this.limits.get(String(row['budget'])) ?? 0,
        mostTokens: Number(row['most']),
      }));
    this.db.close();
    return { peaks, looks: this.looks, problems: this.problems };
  }
}

function storedTurns(db: DatabaseSync): Map<string, StoredTurn> {
  const turns = new Map<string, StoredTurn>();
  const rows = db.prepare('SELECT seq, own_id, state, hold, charged FROM turn').iterate();
  for (const row of rows) {
    const turnId = row['own_id'] === null ? `t${row['seq']}` : String(row['own_id']);
    const state = states[Number(row['state'])] ?? 'in-flight';
    turns.set(turnId, {
      turnId,
      state,
      heldTokens: Number(row['hold']),
      chargedTokens: Number(row['charged']),
    });
  }
  return turns;
}

function storedSums(db: DatabaseSync): StoredSums {
  const value = (sql: string) => Number(Object.values(db.prepare(sql).get() ?? {})[0] ?? 0);
  const counts = db.prepare('SELECT state, count(*) AS n FROM turn GROUP BY state').all();
  return {
    windows: value('SELECT count(*) FROM budget_window'),
    turns: Object.fromEntries(counts.map((row) => [states[Number(row['state'])], Number(row['n'])])),
    chargedTokens: value('SELECT sum(charged) FROM turn'),
    settledInRunWindow: value("SELECT sum(settled) FROM budget_window WHERE budget = 'run'"),
    heldTokens: value('SELECT sum(held) FROM budget_window'),
    openReservations: value('SELECT count(*) FROM reservation WHERE closed_ms IS NULL'),
  };
}
