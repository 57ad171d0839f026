/**
 * Leases: a process takes a slice of what remains in a window, and then reserves and settles against its own row, so that processes do
 * not wait for each other at the window's. docs/decisions has why it is done like this.
 *
 * A lease is part of its window's `held`: `free` is in no reservation, `settled` was settled through the lease and is not yet in the
 * window's `settled`. So nothing that happens on a lease changes the window, and `settled + held <= limit` is checked where slices are
 * taken. Holds are not tied to a lease: what a turn does not use may go back to the owner's lease or to the window.
 *
 * `quota` is how much may be settled through a lease. The quotas of a window together stay below its next threshold, so that none is
 * reached unseen. `lim` is the limit that the slice was taken under. A lease with `quota` 0 is none.
 *
 * Who has a window's row locked may put any lease of it back (`fold`): tokens that lie idle with another process are taken, not asked
 * for. Where an operation counts tokens by weights or prices, it goes to the windows themselves. Locks: windows, then leases, then reservations and turns.
 */
export const leaseTable = `
  CREATE TABLE IF NOT EXISTS teelamma.lease (
    in_window bigint NOT NULL,
    owner integer NOT NULL,
    free bigint NOT NULL CHECK (free >= 0),
    settled bigint NOT NULL CHECK (settled >= 0),
    quota bigint NOT NULL,
    wanted bigint NOT NULL,
    lim bigint NOT NULL,
    PRIMARY KEY (in_window, owner)
  ) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
`;

export const leaseFunctions = `
  -- Puts the lease of one owner (NULL: of all) back into a window that this transaction has locked; gives the window.
  CREATE FUNCTION teelamma.fold(window_seq bigint, of_owner integer) RETURNS teelamma.budget_window
  LANGUAGE plpgsql AS $$
  DECLARE w teelamma.budget_window; back record;
  BEGIN
    SELECT count(*) AS leases, coalesce(sum(l.free), 0) AS free, coalesce(sum(l.settled), 0) AS settled INTO back FROM (
      SELECT * FROM teelamma.lease WHERE in_window = window_seq AND quota > 0 AND (of_owner IS NULL OR owner = of_owner)
        ORDER BY owner FOR UPDATE) l;
    IF back.leases > 0 THEN
      UPDATE teelamma.lease SET free = 0, settled = 0, quota = 0
        WHERE in_window = window_seq AND quota > 0 AND (of_owner IS NULL OR owner = of_owner);
      UPDATE teelamma.budget_window SET settled = settled + back.settled, held = held - back.settled - back.free
        WHERE seq = window_seq;
    END IF;
    SELECT * INTO w FROM teelamma.budget_window WHERE seq = window_seq;
    RETURN w;
  END $$;

  -- The settled tokens at which the window's next threshold fires; NULL: there is none.
  CREATE FUNCTION teelamma.next_threshold(w teelamma.budget_window, spec jsonb) RETURNS bigint
  LANGUAGE sql IMMUTABLE AS $$
    SELECT min(ceil(p::integer * (spec->>'limit')::numeric / 100)::bigint) FROM jsonb_array_elements_text(spec->'percents') p
      WHERE p::integer > w.fired_percent
  $$;

  -- At the end of a transaction that locked these windows: takes slices for its owner. A slice is worth some batches like this one, and
  -- a part of the remainder that shrinks with the number of leases. Gives whether the owner has any lease now.
  CREATE FUNCTION teelamma.take_leases(me integer, seqs bigint[], ops jsonb, specs jsonb, now_ms bigint) RETURNS boolean
  LANGUAGE plpgsql AS $$
  DECLARE w teelamma.budget_window; spec jsonb; asked bigint; want bigint; others record; slice bigint; share bigint; next_at bigint;
    has_any boolean := false;
  BEGIN
    SELECT sum((o->>'atMost')::bigint) INTO asked FROM jsonb_array_elements(ops) o
      WHERE o ? 'atMost' AND NOT o ? 'rates' AND NOT o @> '{"forced": true}';
    IF ops @? '$[*].rates' THEN RETURN false; END IF;
    FOR w IN SELECT * FROM teelamma.budget_window b WHERE NOT b.ended AND (b.seq = ANY(seqs) OR (b.budget, b.counter) IN (
        SELECT p->>0, p->>1 FROM jsonb_array_elements(ops) o, jsonb_array_elements(o->'counters') p)) LOOP
      spec := specs->w.budget;
      CONTINUE WHEN spec IS NULL OR NOT teelamma.is_current(w, spec, now_ms);
      SELECT coalesce(sum(quota) FILTER (WHERE owner <> me), 0) AS quota, count(*) FILTER (WHERE quota > 0 AND owner <> me) AS leases,
        max(wanted) FILTER (WHERE owner = me) AS wanted INTO others FROM teelamma.lease WHERE in_window = w.seq;
      want := coalesce(32 * asked, others.wanted, 0);
      CONTINUE WHEN want = 0;
      slice := least(want, ((spec->>'limit')::bigint - w.settled - w.held) / (4 + 2 * others.leases));
      next_at := teelamma.next_threshold(w, spec);
      share := CASE WHEN next_at IS NULL THEN want
        ELSE least(want, (next_at - 1 - w.settled - others.quota) / (4 + 2 * others.leases)) END;
      -- Less than a batch like this one needs is of no use.
      CONTINUE WHEN least(slice, share) < greatest(1, want / 32);
      UPDATE teelamma.budget_window SET held = held + slice WHERE seq = w.seq;
      INSERT INTO teelamma.lease AS l (in_window, owner, free, settled, quota, wanted, lim)
        VALUES (w.seq, me, slice, 0, share, want, (spec->>'limit')::bigint)
        ON CONFLICT (in_window, owner) DO UPDATE SET free = l.free + slice, quota = share, wanted = want, lim = excluded.lim;
      has_any := true;
    END LOOP;
    RETURN has_any;
  END $$;

  -- The batch on the owner's own leases alone. NULL where that is not possible, and then nothing was done.
  CREATE FUNCTION teelamma.apply_leased(me integer, ops jsonb, specs jsonb, now_ms bigint) RETURNS jsonb
  LANGUAGE plpgsql AS $$
  DECLARE op jsonb; r teelamma.reservation; t teelamma.turn; seqs bigint[]; touched bigint[] := '{}'; results jsonb := '[]';
    amount bigint; at_most bigint; keep bigint; kept bigint; extension bigint; are_current boolean; is_changed boolean := false;
  BEGIN
    FOR op IN SELECT * FROM jsonb_array_elements(ops) LOOP
      r := NULL; t := NULL; at_most := (op->>'atMost')::bigint;
      CASE op->>'do'
      WHEN 'reserve' THEN
        SELECT array_agg(w.seq ORDER BY w.budget, w.counter), bool_and(teelamma.is_current(w, specs->w.budget, now_ms))
          INTO seqs, are_current FROM jsonb_array_elements(op->'counters') p JOIN teelamma.budget_window w
          ON w.budget = p->>0 AND w.counter = p->>1 AND NOT w.ended;
        PERFORM teelamma.lease_or_fail(NOT op ? 'rates' AND are_current AND cardinality(seqs) = jsonb_array_length(op->'counters'));
        PERFORM teelamma.draw(me, seqs, -at_most, 0, specs);
        INSERT INTO teelamma.reservation (id, owner, windows, task_id, kind, scope, forced, granted, unsent, created_ms)
          VALUES (op->>'id', me, seqs, op->>'task', op->>'kind', nullif(op->'scope', 'null'), false, at_most,
            CASE WHEN op->'turn' = 'null' THEN at_most ELSE 0 END, now_ms) ON CONFLICT DO NOTHING RETURNING * INTO r;
        PERFORM teelamma.lease_or_fail(r.seq IS NOT NULL);
        IF op->'turn' <> 'null' THEN
          INSERT INTO teelamma.turn (id, reservation, owner, task_id, kind, agent, model, scope, state, hold, started_ms)
            VALUES (op->'turn'->>'id', r.seq, me, r.task_id, r.kind, op->>'agent', op->'turn'->>'model', r.scope, 0, at_most, now_ms)
            ON CONFLICT DO NOTHING RETURNING * INTO t;
          PERFORM teelamma.lease_or_fail(t.seq IS NOT NULL);
        END IF;
        is_changed := true;
        results := results || jsonb_build_array(teelamma.granted(r, t));

      WHEN 'begin' THEN
        SELECT * INTO r FROM teelamma.reservation WHERE id = op->>'reservation' FOR UPDATE;
        PERFORM teelamma.lease_or_fail(NOT op ? 'rates' AND r.unsent_amounts IS NULL AND r.closed_ms IS NULL AND NOT r.forced AND (SELECT count(*) FROM teelamma.budget_window w
          WHERE w.seq = ANY(r.windows) AND specs ? w.budget AND teelamma.is_current(w, specs->w.budget, now_ms)) = cardinality(r.windows));
        keep := (op->>'keep')::bigint;
        PERFORM teelamma.lease_or_fail(keep <= r.unsent);
        extension := at_most - least(at_most, r.unsent - keep);
        IF extension > 0 THEN PERFORM teelamma.draw(me, r.windows, -extension, 0, specs); END IF;
        UPDATE teelamma.reservation SET unsent = unsent - at_most + extension WHERE seq = r.seq;
        INSERT INTO teelamma.turn (id, reservation, owner, task_id, kind, agent, model, scope, state, hold, started_ms)
          VALUES (op->>'id', r.seq, r.owner, r.task_id, r.kind, op->>'agent', op->>'model', r.scope, 0, at_most, now_ms)
          ON CONFLICT DO NOTHING RETURNING * INTO t;
        PERFORM teelamma.lease_or_fail(t.seq IS NOT NULL);
        seqs := r.windows; is_changed := true;
        results := results || jsonb_build_array(
          jsonb_build_object('turn', jsonb_build_object('id', t.id, 'hold', t.hold), 'scope', r.scope));

      WHEN 'settle' THEN
        SELECT * INTO t FROM teelamma.turn WHERE id = op->>'id';
        SELECT * INTO r FROM teelamma.reservation WHERE seq = t.reservation FOR UPDATE;
        amount := CASE op->>'outcome' WHEN 'usage' THEN (op->>'charged')::bigint WHEN 'unknown' THEN t.hold ELSE 0 END;
        PERFORM teelamma.lease_or_fail(t.state = 0 AND r.unsent_amounts IS NULL AND NOT r.forced AND amount <= t.hold);
        -- As teelamma.resolve does: an open reservation keeps what the turn gives back.
        kept := CASE WHEN r.closed_ms IS NULL THEN greatest(0, least(t.hold - amount, r.granted - r.charged - amount - r.unsent)) ELSE 0 END;
        PERFORM teelamma.draw(me, r.windows, t.hold - amount - kept, amount, specs);
        UPDATE teelamma.turn SET state = CASE op->>'outcome' WHEN 'usage' THEN 1 WHEN 'unknown' THEN 2 ELSE 3 END, charged = amount,
          settled_ms = now_ms, input = (op->'usage'->>0)::bigint, cache_creation = (op->'usage'->>1)::bigint,
          cache_creation_5m = (op->'usage'->>4)::bigint,
          cache_read = (op->'usage'->>2)::bigint, output = (op->'usage'->>3)::bigint, latency_ms = (op->>'latency')::float8,
          reason = op->>'reason' WHERE seq = t.seq AND state = 0;
        PERFORM teelamma.lease_or_fail(FOUND);
        UPDATE teelamma.reservation SET charged = charged + amount, unsent = unsent + kept,
          turns = turns + CASE WHEN op->>'outcome' = 'not-charged' THEN 0 ELSE 1 END WHERE seq = r.seq;
        seqs := r.windows; is_changed := true;
        results := results || jsonb_build_array(
          jsonb_build_object('changed', true, 'charged', amount, 'hold', t.hold, 'scope', r.scope));

      WHEN 'close' THEN
        SELECT * INTO r FROM teelamma.reservation WHERE id = op->>'id' AND closed_ms IS NULL FOR UPDATE;
        IF r.seq IS NOT NULL THEN
          PERFORM teelamma.lease_or_fail(r.unsent_amounts IS NULL AND (r.unsent = 0 OR NOT r.forced));
          IF r.unsent > 0 THEN PERFORM teelamma.draw(me, r.windows, r.unsent, 0, specs); END IF;
          UPDATE teelamma.reservation SET unsent = 0, closed_ms = now_ms, whole_task = (op->>'whole')::boolean WHERE seq = r.seq;
          seqs := r.windows; is_changed := true;
        END IF;
        results := results || '[{}]'::jsonb;
      ELSE
        PERFORM teelamma.lease_or_fail(false);
      END CASE;
      IF NOT seqs <@ touched THEN touched := touched || seqs; END IF;
    END LOOP;
    RETURN (SELECT jsonb_build_object('now', now_ms, 'results', results, 'events', '[]'::jsonb, 'changed', is_changed, 'leased', true,
        'keys', coalesce(jsonb_agg(jsonb_build_array(w.budget, w.counter)), '[]'),
        'windows', coalesce(jsonb_agg(teelamma.shown(w)), '[]'))
      FROM teelamma.budget_window w WHERE w.seq = ANY(touched) AND NOT w.ended);
  EXCEPTION WHEN SQLSTATE 'TL002' THEN
    RETURN NULL;
  END $$;

  CREATE FUNCTION teelamma.lease_or_fail(is_possible boolean) RETURNS void
  LANGUAGE plpgsql AS $$
  BEGIN
    IF is_possible IS NOT TRUE THEN RAISE EXCEPTION 'not on a lease' USING ERRCODE = 'TL002'; END IF;
  END $$;

  -- Changes the owner's leases of all these windows; fails where one has not so much, or was taken under another limit.
  CREATE FUNCTION teelamma.draw(me integer, seqs bigint[], more_free bigint, more_settled bigint, specs jsonb) RETURNS void
  LANGUAGE plpgsql AS $$
  DECLARE done bigint;
  BEGIN
    UPDATE teelamma.lease l SET free = l.free + more_free, settled = l.settled + more_settled FROM teelamma.budget_window w
      WHERE l.owner = me AND l.in_window = ANY(seqs) AND w.seq = l.in_window AND l.quota > 0 AND l.free + more_free >= 0
        AND l.settled + more_settled <= l.quota AND l.lim = (specs->w.budget->>'limit')::bigint;
    GET DIAGNOSTICS done = ROW_COUNT;
    PERFORM teelamma.lease_or_fail(done = cardinality(seqs));
  END $$;
`;
