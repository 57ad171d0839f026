import type { DatabaseSync } from 'node:sqlite';
import { CHARGED_AGENT } from '../Ledger.ts';
import { foldPieces, pieceOf, type TurnUsage, withdrawn } from '../usage/fold-turns.ts';
import type { UsagePlan } from '../usage/plan-usage.ts';
import type { UsageKey, UsageRow } from '../usage/UsageQuery.ts';
import { type UsagePiece, UsageTally } from '../usage/UsageTally.ts';
import { storedSumsSql } from '../usage/usage-sql.ts';
import { ZoneDays } from '../usage/ZoneDays.ts';
import { prepared } from './prepared.ts';
import { turnState } from './rows.ts';

/** Turns that are summed in one transaction: some 20 ms in which other processes wait. */
const foldedAtOnce = 2_000;
/** Turns that a reader sums by itself before it stores their sums. */
const mostUnfolded = 1_000;

const ended = `turn.state IN (${turnState.settled}, ${turnState.assumed})`;

const turnsSql = (conditions: string) => `
  SELECT turn.seq, turn.state, started_ms, coalesce(free_agent, '${CHARGED_AGENT}') AS agent, model,
    coalesce(reservation.kind, free_kind) AS kind, coalesce(reservation.scope, free_scope) AS scope,
    input, cache_creation, cache_creation_5m, cache_read, output, turn.charged
  FROM turn LEFT JOIN reservation ON reservation.seq = turn.reservation WHERE ${conditions}`;

const freshSql = turnsSql(`turn.seq > ? AND turn.seq <= ?`);
const openSql = turnsSql('turn.seq IN (SELECT turn FROM usage_open)');
const correctedSql = turnsSql(
  `turn.seq IN (SELECT turn FROM usage_correction WHERE turn <= ? AND turn NOT IN (SELECT turn FROM usage_open))`,
);

/** Within a read transaction: usage as of this moment, from the stored sums and the turns that are in none yet. */
export function readUsage(db: DatabaseSync, plan: UsagePlan): UsageRow[] {
  const tally = new UsageTally(plan.query, plan.days);
  const { fromMs, toMs, wholeDays } = plan;
  const tier = wholeDays ? tierOf(db, plan.timeZone) : null;
  if (wholeDays && tier !== null) {
    addStored(db, plan, tally, 0, fromMs, wholeDays.fromMs);
    addStored(db, plan, tally, tier, wholeDays.fromMs, wholeDays.toMs);
    addStored(db, plan, tally, 0, wholeDays.toMs, toMs);
  } else {
    addStored(db, plan, tally, 0, fromMs, toMs);
  }
  for (const piece of unfolded(db, Number.MAX_SAFE_INTEGER)) if (matches(plan, piece)) tally.add(piece);
  return tally.rows();
}

/** Whether there is so much that is in no sum yet, or a time zone without days, that `fold` is due before the next read. */
export function isFoldDue(db: DatabaseSync, plan: UsagePlan): boolean {
  return (
    lastTurn(db) - markOf(db) > mostUnfolded ||
    (plan.wholeDays !== null && tierOf(db, plan.timeZone) === null)
  );
}

/** Within a write transaction: adds turns to the sums; false where more are left. */
export function fold(db: DatabaseSync, plan: UsagePlan): boolean {
  const mark = markOf(db);
  const upTo = Math.min(lastTurn(db), mark + foldedAtOnce);
  const pieces = [...unfolded(db, upTo)];
  store(db, 0, pieces, null);
  for (const row of prepared(db, 'SELECT seq, time_zone FROM usage_tier').all()) {
    store(db, Number(row['seq']), pieces, new ZoneDays(String(row['time_zone'])));
  }
  prepared(
    db,
    `DELETE FROM usage_open WHERE turn IN (SELECT seq FROM turn WHERE seq = usage_open.turn AND state <> ${turnState.inFlight})`,
  ).run();
  prepared(db, 'DELETE FROM usage_correction').run();
  prepared(
    db,
    `INSERT INTO usage_open SELECT seq FROM turn WHERE seq > ? AND seq <= ? AND state = ${turnState.inFlight}`,
  ).run(mark, upTo);
  prepared(db, 'UPDATE usage_mark SET turn = ?').run(upTo);
  if (upTo < lastTurn(db)) return false;
  if (plan.wholeDays && tierOf(db, plan.timeZone) === null) addTier(db, plan);
  return true;
}

/** Days of a time zone that nobody has asked about before, from the quarters of an hour. */
function addTier(db: DatabaseSync, { timeZone, days }: UsagePlan): void {
  const tier = Number(
    prepared(db, 'INSERT INTO usage_tier (time_zone) VALUES (?)').run(timeZone).lastInsertRowid,
  );
  const pieces: UsagePiece[] = prepared(
    db,
    `SELECT at_ms, agent, model, project, kind, door, user, input, cache_creation, cache_creation_5m, cache_read, output, charged, turns
      FROM usage_sum JOIN usage_series ON usage_series.seq = series WHERE tier = 0`,
  )
    .all()
    .map((row) => toPiece(row as unknown as StoredColumns));
  store(db, tier, pieces, days);
}

function store(db: DatabaseSync, tier: number, pieces: readonly UsagePiece[], days: ZoneDays | null): void {
  const add = prepared(
    db,
    `INSERT INTO usage_sum (tier, at_ms, series, input, cache_creation, cache_creation_5m, cache_read, output, charged, turns)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tier, at_ms, series) DO UPDATE SET input = input + excluded.input,
        cache_creation = cache_creation + excluded.cache_creation,
        cache_creation_5m = cache_creation_5m + excluded.cache_creation_5m, cache_read = cache_read + excluded.cache_read,
        output = output + excluded.output, charged = charged + excluded.charged, turns = turns + excluded.turns`,
  );
  for (const { atMs, keys, sums } of foldPieces(pieces, days)) {
    add.run(
      tier,
      atMs,
      seriesOf(db, keys),
      sums.inputTokens,
      sums.cacheCreationInputTokens,
      sums.cacheCreation5mInputTokens,
      sums.cacheReadInputTokens,
      sums.outputTokens,
      sums.chargedTokens,
      sums.turns,
    );
  }
}

function seriesOf(db: DatabaseSync, keys: Readonly<Record<UsageKey, string>>): number {
  const { agent, model, project, kind, door, user } = keys;
  const values = [agent, model, project, kind, door, user] as const;
  const found = prepared(
    db,
    'SELECT seq FROM usage_series WHERE agent = ? AND model = ? AND project = ? AND kind = ? AND door = ? AND user = ?',
  ).get(...values);
  if (found) return Number(found['seq']);
  const insert = prepared(
    db,
    'INSERT INTO usage_series (agent, model, project, kind, door, user) VALUES (?, ?, ?, ?, ?, ?)',
  );
  return Number(insert.run(...values).lastInsertRowid);
}

/** What is in no stored sum: turns after the mark, those before it that were in flight then, and corrections. */
function* unfolded(db: DatabaseSync, upTo: number): Generator<UsagePiece> {
  const mark = markOf(db);
  for (const row of rowsOf(db, `${freshSql} AND ${ended}`, mark, upTo)) yield pieceOf(toTurn(row));
  for (const row of rowsOf(db, `${openSql} AND ${ended}`)) yield pieceOf(toTurn(row));
  for (const row of rowsOf(db, correctedSql, mark)) {
    const before = Number(
      prepared(db, 'SELECT charged FROM usage_correction WHERE turn = ?').get(row.seq)?.['charged'],
    );
    yield withdrawn(toTurn(row), before);
    if (row.state === turnState.settled) yield pieceOf(toTurn(row));
  }
}

function addStored(
  db: DatabaseSync,
  plan: UsagePlan,
  tally: UsageTally,
  tier: number,
  fromMs: number,
  toMs: number,
): void {
  if (fromMs >= toMs) return;
  const { sql, values } = storedSumsSql(plan, {
    sum: 'usage_sum',
    series: 'usage_series',
    placeholder: () => '?',
  });
  for (const row of prepared(db, sql).all(tier, fromMs, toMs, ...values)) {
    tally.add(toPiece(row as unknown as StoredColumns), tier !== 0);
  }
}

function matches({ query, fromMs, toMs }: UsagePlan, piece: UsagePiece): boolean {
  if (piece.atMs < fromMs || piece.atMs >= toMs) return false;
  return Object.entries(query.where ?? {}).every(([key, value]) => piece[key as UsageKey] === value);
}

function tierOf(db: DatabaseSync, timeZone: string): number | null {
  const row = prepared(db, 'SELECT seq FROM usage_tier WHERE time_zone = ?').get(timeZone);
  return row ? Number(row['seq']) : null;
}

function markOf(db: DatabaseSync): number {
  return Number(prepared(db, 'SELECT turn FROM usage_mark').get()?.['turn'] ?? 0);
}

function lastTurn(db: DatabaseSync): number {
  return Number(prepared(db, 'SELECT max(seq) AS seq FROM turn').get()?.['seq'] ?? 0);
}

function rowsOf(db: DatabaseSync, sql: string, ...values: readonly number[]): TurnColumns[] {
  return prepared(db, sql).all(...values) as unknown as TurnColumns[];
}

interface TurnColumns {
  readonly seq: number;
  readonly state: number;
  readonly started_ms: number;
  readonly agent: string;
  readonly model: string;
  readonly kind: string;
  readonly scope: string | null;
  readonly input: number | null;
  readonly cache_creation: number | null;
  readonly cache_creation_5m: number | null;
  readonly cache_read: number | null;
  readonly output: number | null;
  readonly charged: number;
}

function toTurn(row: TurnColumns): TurnUsage {
  const scope = row.scope === null ? {} : (JSON.parse(row.scope) as Partial<Record<string, string>>);
  return {
    startedAtMs: row.started_ms,
    agent: row.agent,
    model: row.model,
    kind: row.kind,
    project: scope['project'] ?? '',
    door: scope['door'] ?? '',
    user: scope['user'] ?? '',
    inputTokens: row.input,
    cacheCreationInputTokens: row.cache_creation,
    cacheCreation5mInputTokens: row.cache_creation_5m,
    cacheReadInputTokens: row.cache_read,
    outputTokens: row.output,
    chargedTokens: row.charged,
  };
}

interface StoredColumns extends Readonly<Partial<Record<UsageKey, string>>> {
  readonly at_ms: number;
  readonly input: number;
  readonly cache_creation: number;
  readonly cache_creation_5m: number;
  readonly cache_read: number;
  readonly output: number;
  readonly charged: number;
  readonly turns: number;
}

function toPiece(row: StoredColumns): UsagePiece {
  const { at_ms, input, cache_creation, cache_creation_5m, cache_read, output, charged, turns, ...keys } =
    row;
  return {
    ...keys,
    atMs: at_ms,
    inputTokens: input,
    cacheCreationInputTokens: cache_creation,
    cacheCreation5mInputTokens: cache_creation_5m,
    cacheReadInputTokens: cache_read,
    outputTokens: output,
    chargedTokens: charged,
    turns,
  };
}
