import type { Pool } from 'pg';

interface WrongSum {
  readonly seq: number;
  readonly budget: string;
  readonly settled: number;
  readonly held: number;
  readonly forced: number;
  readonly sum_settled: number;
  readonly sum_held: number;
  readonly sum_forced: number;
}

/**
 * Compares the stored sums of every window with the reservations, turns and charges that they were made from, in one statement and so
 * as of one moment. Each problem is a whole sentence with what to do.
 */
export async function audit(pool: Pool, location: string): Promise<string[]> {
  const { rows } = await pool.query(`
    WITH part AS (
      SELECT w.seq, CASE WHEN unsent_amounts IS NULL THEN charged ELSE 0 END AS settled, coalesce(unsent_amounts[i], unsent) AS held, forced
        FROM teelamma.reservation, unnest(windows) WITH ORDINALITY w(seq, i)
      -- Where a budget counts tokens differently, what is settled stands with each turn.
      UNION ALL SELECT w.seq, CASE WHEN r.unsent_amounts IS NULL THEN 0 ELSE coalesce(t.charged_amounts[i], t.charged) END,
          CASE WHEN t.state = 0 THEN coalesce(t.hold_amounts[i], t.hold) ELSE 0 END, r.forced
        FROM teelamma.turn t JOIN teelamma.reservation r ON r.seq = t.reservation, unnest(r.windows) WITH ORDINALITY w(seq, i)
        WHERE t.state = 0 OR r.unsent_amounts IS NOT NULL
      UNION ALL SELECT w.seq, coalesce(amounts[i], tokens), 0, false FROM teelamma.charge, unnest(windows) WITH ORDINALITY w(seq, i)
      UNION ALL SELECT in_window, -settled, free + settled, false FROM teelamma.lease
    ), sums AS (
      SELECT seq, sum(settled) AS settled, sum(held) AS held, sum(CASE WHEN forced THEN settled + held ELSE 0 END) AS forced
        FROM part GROUP BY seq
    )
    SELECT jsonb_build_object('seq', w.seq, 'budget', w.budget, 'settled', w.settled, 'held', w.held, 'forced', w.forced,
      'sum_settled', coalesce(s.settled, 0), 'sum_held', coalesce(s.held, 0), 'sum_forced', coalesce(s.forced, 0)) AS wrong
    FROM teelamma.budget_window w LEFT JOIN sums s ON s.seq = w.seq
    WHERE (w.settled, w.held, w.forced) IS DISTINCT FROM (coalesce(s.settled, 0), coalesce(s.held, 0), coalesce(s.forced, 0))
    ORDER BY w.seq`);
  return rows.map((row) => {
    const one = row['wrong'] as WrongSum;
    const stored = `${one.settled} settled, ${one.held} held, ${one.forced} forced`;
    const records = `${one.sum_settled} settled, ${one.sum_held} held, ${one.sum_forced} forced`;
    return `Window ${one.seq} of budget "${one.budget}" in ${location} says ${stored}, but its records add up to ${records}: keep a copy of the database and report this as a bug; \`teelamma budget reset\` starts a clean window.`;
  });
}
