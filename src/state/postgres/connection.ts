import { Socket } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import { TeelammaError } from '../../errors.ts';
import { sqlState } from './postgres-errors.ts';
import { migrations } from './schema.ts';

/** Longest time of one attempt to connect, for those who wait for it. */
const connectTimeoutMs = 3_000;
/** The server gives up on a statement (and so on a lock) after this, and says so: then it is certain that nothing was done. */
const statementTimeoutMs = 5_000;
/** An answer that takes longer than this does not come any more: the connection is given up. */
const answerTimeoutMs = 8_000;
/** A change of the schema may write every row of a table anew. */
const migrationTimeoutMs = 600_000;

/** What every connection of this package is opened with. */
export function connectionConfig(url: string): ClientConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerTimeoutMs,
    keepAlive: true,
    application_name: 'teelamma',
  };
}

export interface ConnectOptions {
  /** Longest time of the attempt, milliseconds. Default 3,000. */
  readonly timeoutMs?: number;
  /** Gives the attempt up at once; nothing of it keeps the process alive. */
  readonly signal?: AbortSignal;
}

/**
 * A new connection, set up. A commit is only answered when it is durable (`synchronous_commit`), and each statement sees what was
 * committed before it (`read committed`), which the functions rely on after waiting for a lock. Plans are made once: arguments change nothing of
 * which index serves, and planning anew cost a tenth of each call.
 */
export async function connect(
  url: string,
  { timeoutMs = connectTimeoutMs, signal }: ConnectOptions = {},
): Promise<Client> {
  const { default: pg } = await import('pg');
  const socket = new Socket();
  const client = new pg.Client({
    ...connectionConfig(url),
    connectionTimeoutMillis: timeoutMs,
    stream: () => socket,
  });
  // Without a listener a lost connection would end the process; each query reports it to its caller.
  client.on('error', () => undefined);
  const giveUp = () => socket.destroy();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    signal?.throwIfAborted();
    await client.connect();
    await client.query(
      `SET statement_timeout = ${statementTimeoutMs}; SET default_transaction_isolation = 'read committed';
       SET plan_cache_mode = force_generic_plan;
       SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')`,
    );
    return client;
  } catch (error) {
    client.end().catch(() => undefined);
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

/** Brings the database to this version's schema; several processes may do it at once. */
export async function migrate(client: Client): Promise<void> {
  if ((await versionOf(client)) === migrations.length) return;
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL statement_timeout = ${migrationTimeoutMs}`);
    await client.query('SELECT pg_advisory_xact_lock(1415071084, -1)');
    await client.query('CREATE SCHEMA IF NOT EXISTS teelamma');
    await client.query(
      'CREATE TABLE IF NOT EXISTS teelamma.migration (version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())',
    );
    const version = await versionOf(client);
    if (version > migrations.length) {
      throw new TeelammaError(
        'state-unwritable',
        `The ledger's database was made by a newer version of ClaudeTeelamma (schema ${version}, this one knows ${migrations.length}). Update this installation.`,
      );
    }
    for (const [index, sql] of migrations.entries()) {
      if (index < version) continue;
      // pg takes the time of a single query from it, though its types do not say so.
      const migration = { text: sql, query_timeout: migrationTimeoutMs };
      await client.query(migration);
      await client.query('INSERT INTO teelamma.migration (version) VALUES ($1)', [index + 1]);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** How many migrations a database has; 0 where there is no ledger in it. */
async function versionOf(client: Client): Promise<number> {
  try {
    const { rows } = await client.query(
      'SELECT coalesce(max(version), 0) AS version FROM teelamma.migration',
    );
    return Number(rows[0]?.['version']);
  } catch (error) {
    // undefined_table, invalid_schema_name
    if (['42P01', '3F000'].includes(sqlState(error) ?? '')) return 0;
    throw error;
  }
}
