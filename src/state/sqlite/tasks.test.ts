import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { migrations } from './schema.ts';
import { tasksSql } from './tasks.ts';

describe('a search for tasks', () => {
  const parts = {
    agent: 'ollama-specialist',
    kind: 'simple',
    project: 'web',
    outcome: 'failed',
    model: 'qwen3:8b',
  } as const;
  const names = Object.keys(parts) as (keyof typeof parts)[];
  const pairs = names.flatMap((one, index) => names.slice(index + 1).map((two) => [one, two] as const));

  it.each(pairs)('by %s and %s finds them in one index, in order', (one, two) => {
    const db = new DatabaseSync(':memory:');
    for (const migration of migrations) db.exec(migration);
    const query = {
      [one]: parts[one],
      [two]: parts[two],
      sinceMs: 1,
      after: { startedAtMs: 9, taskId: 'x' },
    };
    const steps = db
      .prepare(`EXPLAIN QUERY PLAN ${tasksSql(query)}`)
      .all(parts[one], parts[two], 1, 9, 'x', 50);
    expect(steps.map(({ detail }) => detail)).toEqual([
      'SEARCH task USING PRIMARY KEY (id=?)',
      'LIST SUBQUERY 1',
      expect.stringMatching(/^SEARCH task USING COVERING INDEX task_by_\w+ \(\w+=\? AND started_ms>\?/),
      // Of the page that was found.
      'USE TEMP B-TREE FOR ORDER BY',
    ]);
    db.close();
  });
});
