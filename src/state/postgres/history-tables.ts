/** What happened; as sqlite/history-tables.ts, which says what each table is for. */
export const historyTables = `
  CREATE TABLE teelamma.task (
    id text COLLATE "C" PRIMARY KEY,
    started_ms bigint NOT NULL,
    agent text NOT NULL,
    kind text NOT NULL,
    door text NOT NULL,
    project text NOT NULL,
    outcome text NOT NULL,
    title text,
    record text NOT NULL
  );
  CREATE INDEX task_by_time ON teelamma.task (started_ms, id);
  CREATE INDEX task_by_agent ON teelamma.task (agent, started_ms, id);
  CREATE INDEX task_by_kind ON teelamma.task (kind, started_ms, id);
  CREATE INDEX task_by_door ON teelamma.task (door, started_ms, id);
  CREATE INDEX task_by_project ON teelamma.task (project, started_ms, id);
  CREATE INDEX task_by_outcome ON teelamma.task (outcome, started_ms, id);

  CREATE TABLE teelamma.usage_mark (turn bigint NOT NULL);
  INSERT INTO teelamma.usage_mark VALUES (0);
  CREATE TABLE teelamma.usage_tier (seq integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, time_zone text NOT NULL UNIQUE);
  CREATE TABLE teelamma.usage_series (
    seq integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent text NOT NULL,
    model text NOT NULL,
    project text NOT NULL,
    kind text NOT NULL,
    door text NOT NULL,
    "user" text NOT NULL,
    UNIQUE (agent, model, project, kind, door, "user")
  );
  CREATE TABLE teelamma.usage_sum (
    tier integer NOT NULL,
    at_ms bigint NOT NULL,
    series integer NOT NULL,
    input bigint NOT NULL,
    cache_creation bigint NOT NULL,
    cache_creation_5m bigint NOT NULL,
    cache_read bigint NOT NULL,
    output bigint NOT NULL,
    charged bigint NOT NULL,
    turns bigint NOT NULL,
    PRIMARY KEY (tier, at_ms, series)
  );
  CREATE TABLE teelamma.usage_open (turn bigint PRIMARY KEY);
  CREATE TABLE teelamma.usage_correction (turn bigint PRIMARY KEY, charged bigint NOT NULL);
  CREATE FUNCTION teelamma.usage_corrected() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO teelamma.usage_correction (turn, charged) VALUES (OLD.seq, OLD.charged) ON CONFLICT DO NOTHING;
    RETURN NULL;
  END $$;
  CREATE TRIGGER usage_corrected AFTER UPDATE ON teelamma.turn
    FOR EACH ROW WHEN (OLD.state = 2 AND NEW.state <> 2) EXECUTE FUNCTION teelamma.usage_corrected();
`;

export const tasksByTwo = `
  ALTER TABLE teelamma.task ADD COLUMN model text NOT NULL DEFAULT '';
  UPDATE teelamma.task SET model = coalesce(record::json->>'model', '');
  DROP INDEX teelamma.task_by_agent, teelamma.task_by_kind, teelamma.task_by_project, teelamma.task_by_outcome;
  CREATE INDEX task_by_agent ON teelamma.task (agent, started_ms, id, kind, project, outcome, model);
  CREATE INDEX task_by_kind ON teelamma.task (kind, started_ms, id, agent, project, outcome, model);
  CREATE INDEX task_by_outcome ON teelamma.task (outcome, started_ms, id, agent, kind, project, model);
  CREATE INDEX task_by_project ON teelamma.task (project, started_ms, id, agent, kind, outcome, model);
  CREATE INDEX task_by_model ON teelamma.task (model, started_ms, id, agent, kind, project, outcome);
`;

export const summedNewestFirst = `
  CREATE TABLE teelamma.usage_gap (from_turn bigint PRIMARY KEY, to_turn bigint NOT NULL, newest_ms bigint NOT NULL);
  DELETE FROM teelamma.usage_sum WHERE tier <> 0;
  DROP TABLE teelamma.usage_tier;
  CREATE TABLE teelamma.usage_tier (
    seq integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time_zone text NOT NULL,
    view text NOT NULL,
    from_ms bigint NOT NULL,
    UNIQUE (time_zone, view)
  );
`;
