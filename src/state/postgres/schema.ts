import { functions } from './functions.ts';
import { historyTables, summedNewestFirst, tasksByTwo } from './history-tables.ts';
import { leaseFunctions, leaseTable } from './lease-functions.ts';

/**
 * Migrations in order; `teelamma.migration` says which of them a database has. Never edit one that was released: append. Everything is
 * in a schema of its own, so the database may have other uses. Amounts are tokens, those of a window in its budget's unit; times are epoch
 * milliseconds. The functions are made anew by the last migration: append one that names them wherever they change.
 *
 * `budget_window` is written by every transition: half of each page is left free so that its new versions stay on the page and no
 * index is written (heap-only tuples, https://www.postgresql.org/docs/current/storage-hot.html).
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE teelamma.budget_window (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    budget text NOT NULL,
    counter text NOT NULL DEFAULT '',
    start_ms bigint NOT NULL,
    ended boolean NOT NULL DEFAULT false,
    settled bigint NOT NULL DEFAULT 0 CHECK (settled >= 0),
    held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    forced bigint NOT NULL DEFAULT 0 CHECK (forced >= 0),
    fired_percent integer NOT NULL DEFAULT 0
  ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
  CREATE UNIQUE INDEX open_window ON teelamma.budget_window (budget, counter) WHERE NOT ended;

  CREATE TABLE teelamma.owner (
    seq integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    ended_ms bigint,
    last_batch bigint NOT NULL DEFAULT 0,
    last_result jsonb
  ) WITH (fillfactor = 50);
  CREATE INDEX open_owner ON teelamma.owner (seq) WHERE ended_ms IS NULL;

  CREATE TABLE teelamma.reservation (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    owner integer NOT NULL,
    windows bigint[] NOT NULL,
    task_id text NOT NULL,
    kind text NOT NULL,
    scope jsonb,
    forced boolean NOT NULL,
    granted bigint NOT NULL,
    unsent bigint NOT NULL CHECK (unsent >= 0),
    charged bigint NOT NULL DEFAULT 0,
    turns integer NOT NULL DEFAULT 0,
    created_ms bigint NOT NULL,
    closed_ms bigint,
    whole_task boolean
  ) WITH (fillfactor = 80);
  CREATE INDEX open_reservation ON teelamma.reservation (owner) WHERE closed_ms IS NULL;
  CREATE INDEX settled_task ON teelamma.reservation (kind, seq) WHERE whole_task AND turns > 0;

  CREATE TABLE teelamma.turn (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    reservation bigint,
    owner integer,
    task_id text NOT NULL,
    kind text NOT NULL,
    agent text NOT NULL,
    model text NOT NULL,
    scope jsonb,
    state smallint NOT NULL,
    hold bigint NOT NULL,
    charged bigint NOT NULL DEFAULT 0,
    started_ms bigint NOT NULL,
    settled_ms bigint,
    input bigint,
    cache_creation bigint,
    cache_read bigint,
    output bigint,
    latency_ms double precision,
    reason text
  ) WITH (fillfactor = 80);
  CREATE INDEX turn_in_flight ON teelamma.turn (owner) WHERE state = 0;
  CREATE INDEX turn_by_time ON teelamma.turn (started_ms);

  CREATE TABLE teelamma.charge (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms bigint NOT NULL,
    tokens bigint NOT NULL,
    windows bigint[] NOT NULL,
    source text NOT NULL
  );
  `,
  // Amounts by window are null where each is the tokens themselves.
  `
  ALTER TABLE teelamma.budget_window ADD COLUMN is_usd boolean NOT NULL DEFAULT false;
  ALTER TABLE teelamma.reservation ADD COLUMN unsent_amounts bigint[];
  ALTER TABLE teelamma.turn ADD COLUMN rates jsonb, ADD COLUMN hold_amounts bigint[], ADD COLUMN charged_amounts bigint[],
    ADD COLUMN cache_creation_5m bigint;
  ALTER TABLE teelamma.charge ADD COLUMN amounts bigint[];
  ${leaseTable}
  ${functions}
  ${leaseFunctions}
  `,
  historyTables,
  tasksByTwo,
  summedNewestFirst,
];
