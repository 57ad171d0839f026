/**
 * Tables of what happened. None of them is written in the hot path: `task` twice in a task's life, the sums now and then by those who
 * read them.
 *
 * `usage_sum` has the turns up to number `usage_mark.turn`, summed: in tier 0 by the quarter of an hour, in the tiers of each time zone
 * that was asked about by its days. `usage_open` has those of them that were in flight, and so are in no sum yet. A turn that was
 * charged at its hold and later settled is noted in `usage_correction` with what it was charged before. `summedNewestFirst` goes on.
 */
export const historyTables = `
  CREATE TABLE task (
    id TEXT PRIMARY KEY,
    started_ms INTEGER NOT NULL,
    agent TEXT NOT NULL,
    kind TEXT NOT NULL,
    door TEXT NOT NULL,
    project TEXT NOT NULL,
    outcome TEXT NOT NULL,
    title TEXT,
    record TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX task_by_time ON task (started_ms, id);
  CREATE INDEX task_by_agent ON task (agent, started_ms, id);
  CREATE INDEX task_by_kind ON task (kind, started_ms, id);
  CREATE INDEX task_by_door ON task (door, started_ms, id);
  CREATE INDEX task_by_project ON task (project, started_ms, id);
  CREATE INDEX task_by_outcome ON task (outcome, started_ms, id);

  CREATE TABLE usage_mark (turn INTEGER NOT NULL);
  INSERT INTO usage_mark VALUES (0);
  CREATE TABLE usage_tier (seq INTEGER PRIMARY KEY, time_zone TEXT NOT NULL UNIQUE);
  CREATE TABLE usage_series (
    seq INTEGER PRIMARY KEY,
    agent TEXT NOT NULL,
    model TEXT NOT NULL,
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    door TEXT NOT NULL,
    user TEXT NOT NULL,
    UNIQUE (agent, model, project, kind, door, user)
  );
  CREATE TABLE usage_sum (
    tier INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    series INTEGER NOT NULL,
    input INTEGER NOT NULL,
    cache_creation INTEGER NOT NULL,
    cache_creation_5m INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    output INTEGER NOT NULL,
    charged INTEGER NOT NULL,
    turns INTEGER NOT NULL,
    PRIMARY KEY (tier, at_ms, series)
  ) WITHOUT ROWID;
  CREATE TABLE usage_open (turn INTEGER PRIMARY KEY);
  CREATE TABLE usage_correction (turn INTEGER PRIMARY KEY, charged INTEGER NOT NULL);
  CREATE TRIGGER usage_corrected AFTER UPDATE OF state ON turn WHEN OLD.state = 2 AND NEW.state <> 2 BEGIN
    INSERT INTO usage_correction (turn, charged) VALUES (OLD.seq, OLD.charged) ON CONFLICT DO NOTHING;
  END;
`;

/** Each index has what else tasks are searched by, so that a search by two of them reads index entries and the rows that it finds. */
export const tasksByTwo = `
  ALTER TABLE task ADD COLUMN model TEXT NOT NULL DEFAULT '';
  UPDATE task SET model = coalesce(json_extract(record, '$.model'), '');
  DROP INDEX task_by_agent;
  DROP INDEX task_by_kind;
  DROP INDEX task_by_project;
  DROP INDEX task_by_outcome;
  CREATE INDEX task_by_agent ON task (agent, started_ms, id, kind, project, outcome, model);
  CREATE INDEX task_by_kind ON task (kind, started_ms, id, agent, project, outcome, model);
  CREATE INDEX task_by_outcome ON task (outcome, started_ms, id, agent, kind, project, model);
  CREATE INDEX task_by_project ON task (project, started_ms, id, agent, kind, outcome, model);
  CREATE INDEX task_by_model ON task (model, started_ms, id, agent, kind, project, outcome);
`;

/**
 * Turns that the sums have not reached lie above the mark or in a `usage_gap`: above `from_turn`, up to `to_turn`, none started later than
 * `newest_ms`. A gap is summed from its end, so that recent times are whole first. The days of a time zone are kept from `from_ms` on,
 * each by all keys and, in fewer rows, by those that a view has.
 */
export const summedNewestFirst = `
  CREATE TABLE usage_gap (from_turn INTEGER PRIMARY KEY, to_turn INTEGER NOT NULL, newest_ms INTEGER NOT NULL);
  DELETE FROM usage_sum WHERE tier <> 0;
  DROP TABLE usage_tier;
  CREATE TABLE usage_tier (
    seq INTEGER PRIMARY KEY,
    time_zone TEXT NOT NULL,
    view TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    UNIQUE (time_zone, view)
  );
`;
