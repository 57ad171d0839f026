import type { Pool, PoolClient } from 'pg';

/** Does some work in a transaction of its own; nothing of it was written where it fails. */
export async function transaction<T>(
  pool: Pool,
  mode: string,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let isBroken = true;
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${mode}`);
    const result = await work(client);
    await client.query('COMMIT');
    isBroken = false;
    return result;
  } catch (error) {
    await client.query('ROLLBACK').then(
      () => {
        isBroken = false;
      },
      () => undefined,
    );
    throw error;
  } finally {
    client.release(isBroken);
  }
}

/** The column `n` of the first row; 0 where there is none. */
export async function numberOf(client: PoolClient, sql: string): Promise<number> {
  const { rows } = await client.query(sql);
  return Number(rows[0]?.['n'] ?? 0);
}
