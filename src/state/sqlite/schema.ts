import { historyTables, summedNewestFirst, tasksByTwo } from './history-tables.ts';

/** Marks the file as a ledger of this package (`PRAGMA application_id`): the bytes of "Teel". */
export const applicationId = 0x5465656c;

/**
 * Migrations in order; the file's `PRAGMA user_version` says how many of them it has. Never edit one that was released: append.
 *
 * Rows are found by integer keys that grow: a new row goes to the last page of its table, and no index on text is written for ids
 * that the ledger makes itself. Each index costs a page per write in the hot path, so there are only those of ids that callers
 * choose, and `turn_by_time`.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE budget_window (
    seq INTEGER PRIMARY KEY,
    budget TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0,
    settled INTEGER NOT NULL DEFAULT 0 CHECK (settled >= 0),
    held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    forced INTEGER NOT NULL DEFAULT 0 CHECK (forced >= 0),
    fired_percent INTEGER NOT NULL DEFAULT 0
  );
  CREATE UNIQUE INDEX open_window ON budget_window (budget) WHERE ended = 0;

  CREATE TABLE owner (
    seq INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    after_reservation INTEGER NOT NULL,
    after_turn INTEGER NOT NULL
  );
  CREATE INDEX open_owner ON owner (seq) WHERE ended_ms IS NULL;

  CREATE TABLE reservation (
    seq INTEGER PRIMARY KEY,
    own_id TEXT,
    owner INTEGER NOT NULL,
    windows TEXT NOT NULL,
    task_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    forced INTEGER NOT NULL,
    granted INTEGER NOT NULL,
    unsent INTEGER NOT NULL CHECK (unsent >= 0),
    charged INTEGER NOT NULL DEFAULT 0,
    turns INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    closed_ms INTEGER,
    whole_task INTEGER
  );
  CREATE UNIQUE INDEX reservation_own_id ON reservation (own_id) WHERE own_id IS NOT NULL;

  CREATE TABLE turn (
    seq INTEGER PRIMARY KEY,
    own_id TEXT,
    reservation INTEGER,
    model TEXT NOT NULL,
    state INTEGER NOT NULL,
    hold INTEGER NOT NULL,
    charged INTEGER NOT NULL DEFAULT 0,
    started_ms INTEGER NOT NULL,
    settled_ms INTEGER,
    input INTEGER,
    cache_creation INTEGER,
    cache_read INTEGER,
    output INTEGER,
    latency_ms INTEGER,
    reason TEXT,
    free_task_id TEXT,
    free_kind TEXT,
    free_agent TEXT
  );
  CREATE UNIQUE INDEX turn_own_id ON turn (own_id) WHERE own_id IS NOT NULL;
  CREATE INDEX turn_by_time ON turn (started_ms);

  CREATE TABLE charge (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    windows TEXT NOT NULL,
    source TEXT NOT NULL
  );
  `,
  `
  ALTER TABLE budget_window ADD COLUMN counter TEXT NOT NULL DEFAULT '';
  DROP INDEX open_window;
  CREATE UNIQUE INDEX open_window ON budget_window (budget, counter) WHERE ended = 0;
  ALTER TABLE reservation ADD COLUMN scope TEXT;
  ALTER TABLE turn ADD COLUMN free_scope TEXT;
  `,
  // Amounts by window are null where each is the tokens themselves.
  `
  ALTER TABLE budget_window ADD COLUMN is_usd INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE reservation ADD COLUMN unsent_amounts TEXT;
  ALTER TABLE turn ADD COLUMN amounts TEXT;
  ALTER TABLE turn ADD COLUMN cache_creation_5m INTEGER;
  ALTER TABLE charge ADD COLUMN amounts TEXT;
  `,
  historyTables,
  tasksByTwo,
  summedNewestFirst,
];
