/**
 * The ledger's state machine inside the server: one call of `teelamma.apply` is one transaction and one round trip, however many
 * operations it carries. It mirrors sqlite/operations.ts, rule by rule; the contract suite runs on both.
 *
 * Locks are taken in one order by everybody (windows by number, then reservations and turns), so that transactions
 * wait for each other and do not deadlock. The clock is read after the locks: what waited for them is judged by the time it got them.
 *
 * `specs`: {name: {limit, percents, windowMs} or {limit, percents, from, until}}; from and until are the calendar period of now; `usd` where
 * it counts micro-dollars. `counters`: [[budget, counter], ...]. Turn states: 0 in flight, 1 settled, 2 assumed, 3 released.
 *
 * Where a budget counts tokens differently, operations carry `rates` ({name: Rates of state/amounts.ts}) and `hold` ({name: [input, output]}),
 * and reservations, turns and charges keep an amount for each of their windows beside the tokens. Everywhere else these are null.
 */
export const functions = `
  -- Those of an older version go first: their arguments may have been others.
  DO $do$
  DECLARE old regprocedure;
  BEGIN
    FOR old IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'teelamma'::regnamespace LOOP
      EXECUTE 'DROP FUNCTION ' || old || ' CASCADE';
    END LOOP;
  END $do$;

  CREATE FUNCTION teelamma.is_current(w teelamma.budget_window, spec jsonb, now_ms bigint) RETURNS boolean
  LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(NOT w.ended AND w.is_usd = (spec ? 'usd') AND CASE
      WHEN spec ? 'from' THEN w.start_ms >= (spec->>'from')::bigint
      ELSE now_ms < w.start_ms + (spec->>'windowMs')::bigint END, false)
  $$;

  -- A budget that is no longer configured limits nothing, so its windows run on.
  CREATE FUNCTION teelamma.is_running(w teelamma.budget_window, specs jsonb, now_ms bigint) RETURNS boolean
  LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN specs ? w.budget THEN teelamma.is_current(w, specs->w.budget, now_ms) ELSE NOT w.ended END
  $$;

  CREATE FUNCTION teelamma.use_window(b text, c text, spec jsonb, now_ms bigint) RETURNS bigint
  LANGUAGE plpgsql AS $$
  DECLARE w teelamma.budget_window; made bigint;
  BEGIN
    LOOP
      SELECT * INTO w FROM teelamma.budget_window WHERE budget = b AND counter = c AND NOT ended FOR UPDATE;
      IF FOUND THEN
        IF teelamma.is_current(w, spec, now_ms) THEN RETURN w.seq; END IF;
        PERFORM teelamma.fold(w.seq, NULL);
        UPDATE teelamma.budget_window SET ended = true WHERE seq = w.seq;
      END IF;
      INSERT INTO teelamma.budget_window (budget, counter, start_ms, is_usd) VALUES (b, c, now_ms, spec ? 'usd')
        ON CONFLICT (budget, counter) WHERE NOT ended DO NOTHING RETURNING seq INTO made;
      IF made IS NOT NULL THEN RETURN made; END IF;
    END LOOP;
  END $$;

  -- What a hold counts, of which "input" tokens are input. rate: [input, output]; null: each token counts one.
  CREATE FUNCTION teelamma.hold_amount(rate jsonb, total bigint, input bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN rate IS NULL THEN total ELSE
      ceil((rate->>0)::numeric * least(input, total) + (rate->>1)::numeric * (total - least(input, total)))::bigint END
  $$;

  -- The most tokens whose hold counts no more than the amount.
  CREATE FUNCTION teelamma.tokens_that_fit(rate jsonb, amount bigint, input bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN rate IS NULL THEN amount
      WHEN amount < (rate->>0)::numeric * input THEN div(amount, (rate->>0)::numeric)::bigint
      WHEN (rate->>1)::numeric = 0 THEN 9007199254740991
      ELSE least(9007199254740991, input + div(amount - (rate->>0)::numeric * input, (rate->>1)::numeric))::bigint END
  $$;

  -- What tokens of whichever kind count at most. rate: Rates; null: each token counts one.
  CREATE FUNCTION teelamma.dearest_amount(rate jsonb, tokens bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN rate IS NULL OR rate = 'null' THEN tokens ELSE
      ceil((SELECT max(kind.value::numeric) FROM jsonb_each_text(coalesce(rate->'longPrompt'->'rates', rate->'rates')) kind) * tokens)::bigint END
  $$;

  -- What usage counts: [input, cache_creation, cache_read, output, the part of cache_creation for five minutes].
  CREATE FUNCTION teelamma.usage_amount(rate jsonb, usage jsonb) RETURNS bigint
  LANGUAGE plpgsql IMMUTABLE AS $$
  DECLARE input bigint := (usage->>0)::bigint; written bigint := (usage->>1)::bigint; hits bigint := (usage->>2)::bigint;
    output bigint := (usage->>3)::bigint; short bigint := least(written, coalesce((usage->>4)::bigint, 0)); kinds jsonb;
  BEGIN
    IF rate IS NULL OR rate = 'null' THEN RETURN input + written + hits + output; END IF;
    kinds := CASE WHEN input + written + hits > (rate->'longPrompt'->>'aboveTokens')::bigint THEN rate->'longPrompt'->'rates'
      ELSE rate->'rates' END;
    RETURN ceil((kinds->>'input')::numeric * input + (kinds->>'cacheWrite5m')::numeric * short
      + (kinds->>'cacheWrite1h')::numeric * (written - short) + (kinds->>'cacheRead')::numeric * hits
      + (kinds->>'output')::numeric * output)::bigint;
  END $$;

  -- The least that any of the counters has left, and whether freeing every hold would let at_least fit. extra: what may be used beside it.
  CREATE FUNCTION teelamma.least_left(counters jsonb, specs jsonb, now_ms bigint, at_least bigint, at_most bigint, hold jsonb, input bigint, extra jsonb,
    OUT tokens bigint, OUT budget text, OUT freeable boolean)
  LANGUAGE plpgsql AS $$
  DECLARE pair jsonb; w teelamma.budget_window; spec jsonb; lim bigint; used bigint; spent bigint; fits bigint; free bigint;
  BEGIN
    tokens := 9007199254740991; budget := NULL; freeable := true;
    FOR pair IN SELECT * FROM jsonb_array_elements(counters) LOOP
      spec := specs->(pair->>0); lim := (spec->>'limit')::bigint; used := 0; spent := 0;
      SELECT * INTO w FROM teelamma.budget_window b
        WHERE b.budget = pair->>0 AND b.counter = pair->>1 AND NOT b.ended FOR UPDATE;
      IF NOT FOUND OR NOT teelamma.is_current(w, spec, now_ms) THEN
        -- No row to lock: two that both begin the window would both see all of it free. One waits here, then looks again.
        PERFORM pg_advisory_xact_lock(1415071085, hashtext((pair->>0) || E'\\n' || (pair->>1)));
        SELECT * INTO w FROM teelamma.budget_window b
          WHERE b.budget = pair->>0 AND b.counter = pair->>1 AND NOT b.ended FOR UPDATE;
      END IF;
      IF FOUND AND teelamma.is_current(w, spec, now_ms) THEN
        -- Where it is short, what lies idle in leases is taken back.
        IF lim - w.settled - w.held < at_most OR hold IS NOT NULL OR extra IS NOT NULL THEN w := teelamma.fold(w.seq, NULL); END IF;
        used := w.settled + w.held; spent := w.settled;
      END IF;
      fits := greatest(0, lim - used); free := greatest(0, lim - spent);
      IF hold IS NOT NULL OR extra IS NOT NULL THEN
        fits := teelamma.tokens_that_fit(hold->(pair->>0), greatest(0, fits + coalesce((extra->>(pair->>0))::bigint, 0)), input);
        free := teelamma.tokens_that_fit(hold->(pair->>0), free, input);
      END IF;
      IF fits < tokens THEN tokens := fits; budget := pair->>0; END IF;
      IF free < at_least THEN freeable := false; END IF;
    END LOOP;
  END $$;

  CREATE FUNCTION teelamma.refusal(left_tokens bigint, budget text, cause text) RETURNS jsonb
  LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('refused', true, 'remaining', CASE WHEN budget IS NULL THEN 0 ELSE left_tokens END,
      'binding', coalesce(budget, ''), 'cause', cause)
  $$;

  -- What a caller is told of a reservation and its turn, and of a window.
  CREATE FUNCTION teelamma.granted(r teelamma.reservation, t teelamma.turn) RETURNS jsonb
  LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('reservation', jsonb_build_object('id', r.id, 'task_id', r.task_id, 'kind', r.kind, 'scope', r.scope,
        'granted', r.granted, 'forced', r.forced, 'created_ms', r.created_ms),
      'turn', CASE WHEN t.seq IS NOT NULL THEN jsonb_build_object('id', t.id, 'hold', t.hold) END)
  $$;
  -- What lies in leases and in no reservation is not held: whoever needs it takes it.
  CREATE FUNCTION teelamma.shown(w teelamma.budget_window) RETURNS jsonb
  LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('budget', w.budget, 'counter', w.counter, 'start_ms', w.start_ms, 'ended', w.ended,
        'settled', w.settled + coalesce(sum(l.settled), 0), 'held', w.held - coalesce(sum(l.free + l.settled), 0), 'forced', w.forced, 'is_usd', w.is_usd)
      FROM teelamma.lease l WHERE l.in_window = w.seq
  $$;

  -- Adds to what is settled in windows (a correction may be negative) and takes from what is held, one amount for all of them or one for
  -- each; gives the thresholds that settled sums reach while the windows run.
  CREATE FUNCTION teelamma.settle_windows(seqs bigint[], amount bigint, freed bigint, amounts bigint[], freeds bigint[], is_forced boolean,
    specs jsonb, now_ms bigint) RETURNS jsonb
  LANGUAGE plpgsql AS $$
  DECLARE events jsonb := '[]'; w teelamma.budget_window; spec jsonb; percent integer; unseen bigint;
  BEGIN
    -- What a correction takes away may be what was settled in a lease.
    IF amount < 0 OR 0 > ANY(amounts) THEN PERFORM teelamma.fold(s, NULL) FROM unnest(seqs) s; END IF;
    FOR w IN UPDATE teelamma.budget_window SET settled = settled + coalesce(amounts[array_position(seqs, seq)], amount),
        held = held - coalesce(freeds[array_position(seqs, seq)], freed),
        forced = CASE WHEN is_forced THEN forced - coalesce(freeds[array_position(seqs, seq)], freed)
          + coalesce(amounts[array_position(seqs, seq)], amount) ELSE forced END
        WHERE seq = ANY(seqs) RETURNING * LOOP
      CONTINUE WHEN amount = 0 AND amounts IS NULL;
      spec := specs->w.budget;
      CONTINUE WHEN spec IS NULL OR NOT teelamma.is_current(w, spec, now_ms);
      -- With what may be settled in leases a threshold might be reached: then it is looked at.
      SELECT coalesce(sum(quota), 0) INTO unseen FROM teelamma.lease WHERE in_window = w.seq;
      IF unseen > 0 AND w.settled + unseen >= teelamma.next_threshold(w, spec) THEN w := teelamma.fold(w.seq, NULL); END IF;
      FOR percent IN SELECT p::integer FROM jsonb_array_elements_text(spec->'percents') p ORDER BY p::integer LOOP
        CONTINUE WHEN percent <= w.fired_percent OR w.settled * 100 < percent * (spec->>'limit')::bigint;
        UPDATE teelamma.budget_window SET fired_percent = percent WHERE seq = w.seq;
        w.fired_percent := percent;
        events := events || jsonb_build_object('type', 'threshold', 'percent', percent, 'window', teelamma.shown(w));
      END LOOP;
    END LOOP;
    RETURN events;
  END $$;

  -- Replaces a turn's hold, or an assumed turn's charge, by an outcome; gives the events. What the turn gives back stays with an open
  -- reservation for the turns still to come, up to what was granted and is neither charged nor free; a forced one needs nothing kept.
  CREATE FUNCTION teelamma.resolve(t teelamma.turn, r teelamma.reservation, state_after integer, charge_after bigint, op jsonb,
    specs jsonb, now_ms bigint) RETURNS jsonb
  LANGUAGE plpgsql AS $$
  DECLARE delta bigint := charge_after - t.charged; freed bigint := CASE WHEN t.state = 0 THEN t.hold ELSE 0 END;
    returned bigint := CASE WHEN t.state = 0 THEN t.hold ELSE t.charged END - charge_after; kept bigint := 0;
    after bigint[]; deltas bigint[]; freeds bigint[]; kepts bigint[];
  BEGIN
    IF r.closed_ms IS NULL AND NOT r.forced THEN kept := greatest(0, least(returned, r.granted - r.charged - delta - r.unsent)); END IF;
    freed := freed - kept;
    -- What it counts in each window by the rates that it was held with; of what it gives back there, what the kept tokens can count stays.
    IF t.hold_amounts IS NOT NULL THEN
      SELECT array_agg(a ORDER BY i), array_agg(a - coalesce(t.charged_amounts[i], 0) ORDER BY i),
          array_agg(CASE WHEN t.state = 0 THEN h ELSE 0 END - k ORDER BY i), array_agg(k ORDER BY i) INTO after, deltas, freeds, kepts
        FROM (SELECT h, i, a, greatest(0, least(CASE WHEN t.state = 0 THEN h ELSE coalesce(t.charged_amounts[i], 0) END - a,
            teelamma.dearest_amount(t.rates->(i::integer - 1), kept))) AS k
          FROM (SELECT h, i, CASE state_after WHEN 1 THEN teelamma.usage_amount(t.rates->(i::integer - 1), op->'usage') WHEN 2 THEN h ELSE 0 END AS a
            FROM unnest(t.hold_amounts) WITH ORDINALITY held(h, i)) charged) counted;
    END IF;
    IF r.unsent_amounts IS NOT NULL AND kept > 0 THEN
      UPDATE teelamma.reservation SET unsent_amounts = (SELECT array_agg(u + coalesce(kepts[i], kept) ORDER BY i)
        FROM unnest(unsent_amounts) WITH ORDINALITY x(u, i)) WHERE seq = r.seq;
    END IF;
    UPDATE teelamma.turn SET state = state_after, charged = charge_after, charged_amounts = after, settled_ms = now_ms,
      cache_creation_5m = (op->'usage'->>4)::bigint,
      input = (op->'usage'->>0)::bigint, cache_creation = (op->'usage'->>1)::bigint, cache_read = (op->'usage'->>2)::bigint,
      output = (op->'usage'->>3)::bigint, latency_ms = (op->>'latency')::float8, reason = op->>'reason' WHERE seq = t.seq;
    UPDATE teelamma.reservation SET charged = charged + delta, unsent = unsent + kept,
      turns = turns + CASE WHEN t.state = 0 AND state_after <> 3 THEN 1 ELSE 0 END WHERE seq = r.seq;
    IF freed = 0 AND delta = 0 AND deltas IS NULL THEN RETURN '[]'; END IF;
    RETURN teelamma.settle_windows(r.windows, delta, freed, deltas, freeds, r.forced, specs, now_ms);
  END $$;

  CREATE FUNCTION teelamma.close(r teelamma.reservation, is_whole boolean, now_ms bigint) RETURNS bigint
  LANGUAGE plpgsql AS $$
  BEGIN
    IF r.closed_ms IS NOT NULL THEN RETURN 0; END IF;
    IF r.unsent > 0 OR r.unsent_amounts IS NOT NULL THEN
      UPDATE teelamma.budget_window SET held = held - coalesce(r.unsent_amounts[array_position(r.windows, seq)], r.unsent),
        forced = forced - CASE WHEN r.forced THEN coalesce(r.unsent_amounts[array_position(r.windows, seq)], r.unsent) ELSE 0 END
        WHERE seq = ANY(r.windows);
    END IF;
    UPDATE teelamma.reservation SET unsent = 0,
      unsent_amounts = CASE WHEN unsent_amounts IS NULL THEN NULL ELSE array_fill(0::bigint, ARRAY[cardinality(unsent_amounts)]) END, closed_ms = now_ms, whole_task = is_whole WHERE seq = r.seq;
    RETURN r.unsent;
  END $$;

  -- Ends an owner that is gone: its turns in flight stay charged, the rest is freed.
  CREATE FUNCTION teelamma.abandon(gone integer, why text, specs jsonb, now_ms bigint,
    OUT assumed integer, OUT assumed_tokens bigint, OUT released bigint, OUT events jsonb)
  LANGUAGE plpgsql AS $$
  DECLARE t teelamma.turn; r teelamma.reservation;
  BEGIN
    assumed := 0; assumed_tokens := 0; released := 0; events := '[]';
    PERFORM teelamma.fold(in_window, gone) FROM teelamma.lease WHERE owner = gone;
    DELETE FROM teelamma.lease WHERE owner = gone;
    FOR t IN SELECT * FROM teelamma.turn WHERE owner = gone AND state = 0 ORDER BY seq FOR UPDATE LOOP
      SELECT * INTO r FROM teelamma.reservation WHERE seq = t.reservation FOR UPDATE;
      events := events || teelamma.resolve(t, r, 2, t.hold, jsonb_build_object('reason', why), specs, now_ms);
      assumed := assumed + 1; assumed_tokens := assumed_tokens + t.hold;
    END LOOP;
    FOR r IN SELECT * FROM teelamma.reservation WHERE owner = gone AND closed_ms IS NULL ORDER BY seq FOR UPDATE LOOP
      released := released + teelamma.close(r, false, now_ms);
    END LOOP;
    UPDATE teelamma.owner SET ended_ms = now_ms WHERE seq = gone;
  END $$;

  -- One operation on rows that are locked already. Errors of the caller are results, so that the other operations stand.
  CREATE FUNCTION teelamma.operate(me integer, op jsonb, specs jsonb, gone integer[], now_ms bigint,
    OUT result jsonb, OUT events jsonb, OUT changed boolean)
  LANGUAGE plpgsql AS $$
  DECLARE r teelamma.reservation; t teelamma.turn; low record; amount bigint; extension bigint; seqs bigint[]; pair jsonb;
    at_least bigint := (op->>'atLeast')::bigint; at_most bigint := (op->>'atMost')::bigint; part record; one integer;
    keep bigint := (op->>'keep')::bigint; inner_counters jsonb; w teelamma.budget_window; amounts bigint[]; extensions bigint[];
    rate_list jsonb; free_amounts bigint[]; extra jsonb; most bigint; input bigint := coalesce((op->>'input')::bigint, 0);
  BEGIN
    events := '[]'; changed := false;
    CASE op->>'do'
    WHEN 'reserve' THEN
      SELECT * INTO r FROM teelamma.reservation WHERE id = op->>'id' FOR UPDATE;
      IF FOUND THEN
        SELECT * INTO t FROM teelamma.turn WHERE id = op->'turn'->>'id' AND (op->'turn'->>'named')::boolean;
        result := teelamma.granted(r, t);
        RETURN;
      END IF;
      IF EXISTS (SELECT FROM teelamma.turn WHERE id = op->'turn'->>'id') THEN
        result := jsonb_build_object('invalid', 'turn-taken'); RETURN;
      END IF;
      low := teelamma.least_left(op->'counters', specs, now_ms, at_least, at_most, op->'hold', input, NULL);
      IF NOT (op->>'forced')::boolean AND low.tokens < at_least THEN
        result := teelamma.refusal(low.tokens, low.budget, CASE WHEN low.freeable THEN 'held' ELSE 'spent' END); RETURN;
      END IF;
      amount := CASE WHEN (op->>'forced')::boolean THEN at_most ELSE least(at_most, low.tokens) END;
      seqs := '{}';
      FOR pair IN SELECT p FROM jsonb_array_elements(op->'counters') p ORDER BY p->>0, p->>1 LOOP
        seqs := seqs || teelamma.use_window(pair->>0, pair->>1, specs->(pair->>0), now_ms);
        IF op ? 'rates' THEN
          amounts := amounts || teelamma.hold_amount(op->'hold'->(pair->>0), amount, input);
          rate_list := coalesce(rate_list, '[]') || jsonb_build_array(op->'rates'->(pair->>0));
        END IF;
      END LOOP;
      UPDATE teelamma.budget_window SET held = held + coalesce(amounts[array_position(seqs, seq)], amount),
        forced = forced + CASE WHEN (op->>'forced')::boolean THEN coalesce(amounts[array_position(seqs, seq)], amount) ELSE 0 END
        WHERE seq = ANY(seqs);
      free_amounts := CASE WHEN op->'turn' = 'null' OR amounts IS NULL THEN amounts ELSE array_fill(0::bigint, ARRAY[cardinality(amounts)]) END;
      INSERT INTO teelamma.reservation (id, owner, windows, task_id, kind, scope, forced, granted, unsent, unsent_amounts, created_ms)
        VALUES (op->>'id', me, seqs, op->>'task', op->>'kind', nullif(op->'scope', 'null'), (op->>'forced')::boolean, amount,
          CASE WHEN op->'turn' = 'null' THEN amount ELSE 0 END, free_amounts, now_ms) RETURNING * INTO r;
      IF op->'turn' <> 'null' THEN
        INSERT INTO teelamma.turn (id, reservation, owner, task_id, kind, agent, model, scope, state, hold, hold_amounts, rates, started_ms)
          VALUES (op->'turn'->>'id', r.seq, me, r.task_id, r.kind, op->>'agent', op->'turn'->>'model', r.scope, 0, amount, amounts, rate_list, now_ms)
          RETURNING * INTO t;
      END IF;
      changed := true;
      result := teelamma.granted(r, t);

    WHEN 'begin' THEN
      SELECT * INTO r FROM teelamma.reservation WHERE id = op->>'reservation' FOR UPDATE;
      IF NOT FOUND THEN result := jsonb_build_object('invalid', 'no-reservation'); RETURN; END IF;
      SELECT * INTO t FROM teelamma.turn WHERE id = op->>'id';
      IF FOUND THEN
        result := CASE WHEN t.reservation = r.seq THEN jsonb_build_object('turn', jsonb_build_object('id', t.id, 'hold', t.hold), 'scope', r.scope)
          ELSE jsonb_build_object('invalid', 'turn-taken') END;
        RETURN;
      END IF;
      -- What a new reservation could have now: every counter of every budget that is configured and that the reservation counts in.
      SELECT coalesce(jsonb_agg(jsonb_build_array(b.budget, b.counter) ORDER BY array_position(r.windows, b.seq)), '[]')
        INTO inner_counters FROM teelamma.budget_window b WHERE b.seq = ANY(r.windows) AND specs ? b.budget;
      low := teelamma.least_left(inner_counters, specs, now_ms, at_least, at_most, op->'hold', input, NULL);
      IF r.closed_ms IS NOT NULL THEN
        result := teelamma.refusal(low.tokens, low.budget, 'closed') || jsonb_build_object('scope', r.scope); RETURN;
      END IF;
      FOR w IN SELECT * FROM teelamma.budget_window b WHERE b.seq = ANY(r.windows) FOR UPDATE LOOP
        IF NOT teelamma.is_running(w, specs, now_ms) THEN
          result := teelamma.refusal(low.tokens, low.budget, 'window-passed') || jsonb_build_object('scope', r.scope); RETURN;
        END IF;
      END LOOP;
      IF op ? 'rates' OR r.unsent_amounts IS NOT NULL THEN
        free_amounts := coalesce(r.unsent_amounts, array_fill(r.unsent, ARRAY[cardinality(r.windows)]));
        SELECT jsonb_object_agg(b.budget, free_amounts[i] - teelamma.dearest_amount(op->'rates'->b.budget, keep)) INTO extra
          FROM unnest(r.windows) WITH ORDINALITY u(s, i) JOIN teelamma.budget_window b ON b.seq = s;
        most := (teelamma.least_left(inner_counters, specs, now_ms, at_least, at_most, op->'hold', input, coalesce(extra, '{}'))).tokens;
        SELECT jsonb_object_agg(b.budget, free_amounts[i]) INTO extra
          FROM unnest(r.windows) WITH ORDINALITY u(s, i) JOIN teelamma.budget_window b ON b.seq = s;
        low := teelamma.least_left(inner_counters, specs, now_ms, at_least, at_most, op->'hold', input, coalesce(extra, '{}'));
      ELSE
        low.tokens := r.unsent + low.tokens;
        most := low.tokens - keep;
      END IF;
      IF NOT r.forced AND low.tokens < at_least THEN
        result := teelamma.refusal(low.tokens, low.budget, CASE WHEN low.freeable THEN 'held' ELSE 'spent' END)
          || jsonb_build_object('scope', r.scope);
        RETURN;
      END IF;
      amount := CASE WHEN r.forced THEN at_most ELSE least(at_most, greatest(at_least, most)) END;
      extension := amount - least(amount, greatest(0, r.unsent - keep));
      IF NOT r.forced AND free_amounts IS NULL THEN extension := least(extension, low.tokens - r.unsent); END IF;
      -- Each window is extended by what the turn counts there beyond what the reservation need not keep, as far as that is left.
      IF free_amounts IS NOT NULL THEN
        SELECT array_agg(a ORDER BY i), array_agg(e ORDER BY i), array_agg(free_amounts[i] - (a - e) ORDER BY i), jsonb_agg(rate ORDER BY i),
            CASE WHEN bool_or(a - e > greatest(0, free_amounts[i] - k)) THEN amount - least(amount, r.unsent) ELSE extension END
          INTO amounts, extensions, free_amounts, rate_list, extension
          FROM (SELECT i, a, k, rate, least(CASE WHEN NOT r.forced THEN remains END, greatest(0, a - greatest(0, free_amounts[i] - k))) AS e
            FROM (SELECT i, op->'rates'->b.budget AS rate, teelamma.hold_amount(op->'hold'->b.budget, amount, input) AS a,
                teelamma.dearest_amount(op->'rates'->b.budget, keep) AS k,
                greatest(0, (specs->b.budget->>'limit')::bigint - b.settled - b.held) AS remains
              FROM unnest(r.windows) WITH ORDINALITY u(s, i) JOIN teelamma.budget_window b ON b.seq = s) own) counted;
      END IF;
      IF extension > 0 OR extensions IS NOT NULL THEN
        UPDATE teelamma.budget_window SET held = held + coalesce(extensions[array_position(r.windows, seq)], extension),
          forced = forced + CASE WHEN r.forced THEN coalesce(extensions[array_position(r.windows, seq)], extension) ELSE 0 END
          WHERE seq = ANY(r.windows);
      END IF;
      UPDATE teelamma.reservation SET unsent = unsent - (amount - extension), unsent_amounts = free_amounts WHERE seq = r.seq;
      INSERT INTO teelamma.turn (id, reservation, owner, task_id, kind, agent, model, scope, state, hold, hold_amounts, rates, started_ms)
        VALUES (op->>'id', r.seq, r.owner, r.task_id, r.kind, op->>'agent', op->>'model', r.scope, 0, amount, amounts, rate_list, now_ms)
        RETURNING * INTO t;
      changed := true;
      result := jsonb_build_object('turn', jsonb_build_object('id', t.id, 'hold', t.hold), 'scope', r.scope);

    WHEN 'settle' THEN
      SELECT * INTO t FROM teelamma.turn WHERE id = op->>'id' AND reservation IS NOT NULL FOR UPDATE;
      IF NOT FOUND THEN result := jsonb_build_object('changed', false, 'charged', 0, 'hold', 0); RETURN; END IF;
      SELECT * INTO r FROM teelamma.reservation WHERE seq = t.reservation FOR UPDATE;
      changed := t.state = 0 OR (t.state = 2 AND op->>'outcome' = 'usage');
      amount := t.charged;
      IF changed THEN
        amount := CASE op->>'outcome' WHEN 'usage' THEN (op->>'charged')::bigint WHEN 'unknown' THEN t.hold ELSE 0 END;
        events := teelamma.resolve(t, r, CASE op->>'outcome' WHEN 'usage' THEN 1 WHEN 'unknown' THEN 2 ELSE 3 END, amount, op,
          specs, now_ms);
        IF amount > t.hold OR EXISTS (SELECT FROM teelamma.turn x, unnest(x.charged_amounts, x.hold_amounts) a(charged, hold)
            WHERE x.seq = t.seq AND a.charged > a.hold) THEN
          events := events || jsonb_build_object('type', 'usage-above-hold', 'turnId', t.id, 'held', t.hold, 'charged', amount);
        END IF;
      END IF;
      result := jsonb_build_object('changed', changed, 'charged', amount, 'hold', t.hold, 'scope', r.scope);

    WHEN 'close' THEN
      SELECT * INTO r FROM teelamma.reservation WHERE id = op->>'id' FOR UPDATE;
      IF FOUND AND r.closed_ms IS NULL THEN
        changed := true;
        PERFORM teelamma.close(r, (op->>'whole')::boolean, now_ms);
      END IF;
      result := '{}';

    -- Takes back what was granted to a caller who was told that it was not: nothing of it was sent.
    WHEN 'cancel' THEN
      FOR t IN SELECT * FROM teelamma.turn WHERE id = op->>'turn' AND state = 0 AND reservation IS NOT NULL FOR UPDATE LOOP
        SELECT * INTO r FROM teelamma.reservation WHERE seq = t.reservation FOR UPDATE;
        events := events || teelamma.resolve(t, r, 3, 0, '{"reason": "the answer to the ledger call was lost, so nothing was sent"}', specs, now_ms);
        changed := true;
      END LOOP;
      SELECT * INTO r FROM teelamma.reservation WHERE id = op->>'id' AND closed_ms IS NULL FOR UPDATE;
      IF FOUND THEN changed := true; PERFORM teelamma.close(r, false, now_ms); END IF;
      result := '{}';

    WHEN 'record' THEN
      INSERT INTO teelamma.turn (id, task_id, kind, agent, model, scope, state, hold, started_ms, settled_ms, input, cache_creation,
          cache_read, output, latency_ms)
        VALUES (op->>'id', op->>'task', op->>'kind', op->>'agent', op->>'model', nullif(op->'scope', 'null'), 1, 0,
          now_ms - round((op->>'latency')::float8)::bigint, now_ms, (op->'usage'->>0)::bigint, (op->'usage'->>1)::bigint,
          (op->'usage'->>2)::bigint, (op->'usage'->>3)::bigint, (op->>'latency')::float8)
        ON CONFLICT (id) DO NOTHING;
      changed := FOUND;
      result := '{}';

    WHEN 'charge' THEN
      seqs := '{}';
      FOR pair IN SELECT p FROM jsonb_array_elements(op->'counters') p ORDER BY p->>0, p->>1 LOOP
        seqs := seqs || teelamma.use_window(pair->>0, pair->>1, specs->(pair->>0), now_ms);
        IF op ? 'hold' THEN
          amounts := amounts || teelamma.hold_amount(op->'hold'->(pair->>0), (op->>'tokens')::bigint, 0);
        END IF;
      END LOOP;
      INSERT INTO teelamma.charge (at_ms, tokens, windows, source, amounts)
        VALUES (now_ms, (op->>'tokens')::bigint, seqs, 'charge', amounts);
      events := teelamma.settle_windows(seqs, (op->>'tokens')::bigint, 0, amounts, NULL, false, specs, now_ms);
      changed := true;
      result := '{}';

    WHEN 'import' THEN
      -- Two installations that begin at the same time: one of them imports.
      PERFORM pg_advisory_xact_lock(1415071084, 0);
      IF NOT specs->(op->>'budget') ? 'usd' AND (op->>'resetAt')::bigint > now_ms AND NOT EXISTS (SELECT FROM teelamma.budget_window) THEN
        INSERT INTO teelamma.budget_window (budget, start_ms)
          VALUES (op->>'budget', CASE WHEN specs->(op->>'budget') ? 'from' THEN now_ms
            ELSE (op->>'resetAt')::bigint - (specs->(op->>'budget')->>'windowMs')::bigint END)
          ON CONFLICT (budget, counter) WHERE NOT ended DO NOTHING RETURNING ARRAY[seq] INTO seqs;
        IF seqs IS NOT NULL THEN
          INSERT INTO teelamma.charge (at_ms, tokens, windows, source) VALUES (now_ms, (op->>'tokens')::bigint, seqs, 'import');
          events := teelamma.settle_windows(seqs, (op->>'tokens')::bigint, 0, NULL, NULL, false, specs, now_ms);
          changed := true;
        END IF;
      END IF;
      result := to_jsonb(changed);

    WHEN 'reset' THEN
      PERFORM teelamma.fold(seq, NULL) FROM teelamma.budget_window
        WHERE NOT ended AND budget IN (SELECT jsonb_array_elements_text(op->'budgets'));
      UPDATE teelamma.budget_window SET ended = true WHERE NOT ended AND budget IN (SELECT jsonb_array_elements_text(op->'budgets'));
      changed := FOUND;
      result := '{}';

    WHEN 'recover' THEN
      result := '{"deadOwners": 0, "assumedTurns": 0, "assumedTokens": 0, "releasedTokens": 0}';
      FOREACH one IN ARRAY gone LOOP
        SELECT * INTO part FROM teelamma.abandon(one, op->>'reason', specs, now_ms);
        events := events || part.events;
        changed := true;
        result := jsonb_build_object('deadOwners', (result->>'deadOwners')::integer + 1,
          'assumedTurns', (result->>'assumedTurns')::integer + part.assumed,
          'assumedTokens', (result->>'assumedTokens')::bigint + part.assumed_tokens,
          'releasedTokens', (result->>'releasedTokens')::bigint + part.released);
      END LOOP;

    WHEN 'leave' THEN
      SELECT * INTO part FROM teelamma.abandon(me, op->>'reason', specs, now_ms);
      events := part.events;
      changed := true;
      result := '{}';
    END CASE;
  END $$;

  -- Owners whose session is gone, with their locks taken for this transaction. After the server's own start everybody is without a
  -- session for a moment: nobody is taken for dead until grace_ms have passed since then.
  CREATE FUNCTION teelamma.dead_owners(me integer, grace_ms bigint) RETURNS integer[]
  LANGUAGE plpgsql AS $$
  DECLARE one integer; gone integer[] := '{}';
  BEGIN
    IF extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) * 1000 < grace_ms THEN RETURN gone; END IF;
    FOR one IN SELECT seq FROM teelamma.owner WHERE ended_ms IS NULL AND seq <> me ORDER BY seq LOOP
      IF pg_try_advisory_xact_lock(1415071084, one) THEN
        -- Another recovery may have committed between the search and the lock.
        IF EXISTS (SELECT FROM teelamma.owner WHERE seq = one AND ended_ms IS NULL FOR UPDATE) THEN gone := gone || one; END IF;
      END IF;
    END LOOP;
    RETURN gone;
  END $$;

  -- The windows that a batch will touch. One small query an operation: a single one for all of them costs more to start than they do.
  CREATE FUNCTION teelamma.windows_of(me integer, ops jsonb, gone integer[]) RETURNS bigint[]
  LANGUAGE plpgsql AS $$
  DECLARE op jsonb; seqs bigint[] := '{}'; more bigint[]; leaving integer[] := gone;
  BEGIN
    FOR op IN SELECT * FROM jsonb_array_elements(ops) LOOP
      more := NULL;
      CASE op->>'do'
      WHEN 'reserve', 'charge' THEN
        SELECT array_agg(w.seq) INTO more FROM jsonb_array_elements(op->'counters') p JOIN teelamma.budget_window w
          ON w.budget = p->>0 AND w.counter = p->>1 AND NOT w.ended;
      WHEN 'begin' THEN
        SELECT windows INTO more FROM teelamma.reservation WHERE id = op->>'reservation';
      WHEN 'settle' THEN
        SELECT r.windows INTO more FROM teelamma.turn t JOIN teelamma.reservation r ON r.seq = t.reservation WHERE t.id = op->>'id';
      WHEN 'close' THEN
        SELECT windows INTO more FROM teelamma.reservation WHERE id = op->>'id';
      WHEN 'cancel' THEN
        SELECT array_agg(seq) INTO more FROM (
          SELECT unnest(windows) AS seq FROM teelamma.reservation WHERE id = op->>'id'
          UNION SELECT unnest(r.windows) FROM teelamma.turn t JOIN teelamma.reservation r ON r.seq = t.reservation
            WHERE t.id = op->>'turn') of_both;
      WHEN 'reset' THEN
        SELECT array_agg(w.seq) INTO more FROM jsonb_array_elements_text(op->'budgets') b JOIN teelamma.budget_window w
          ON w.budget = b AND NOT w.ended;
      WHEN 'leave' THEN leaving := leaving || me;
      ELSE
      END CASE;
      CONTINUE WHEN more IS NULL OR more <@ seqs;
      seqs := seqs || more;
    END LOOP;
    IF leaving <> '{}' THEN
      SELECT seqs || coalesce(array_agg(seq), '{}') INTO seqs FROM (
        SELECT unnest(r.windows) AS seq FROM teelamma.reservation r WHERE r.closed_ms IS NULL AND r.owner = ANY(leaving)
        UNION SELECT unnest(r.windows) FROM teelamma.turn t JOIN teelamma.reservation r ON r.seq = t.reservation
          WHERE t.state = 0 AND t.owner = ANY(leaving)
        UNION SELECT in_window FROM teelamma.lease WHERE owner = ANY(leaving)) of_leaving;
    END IF;
    RETURN seqs;
  END $$;

  -- Whether the calendar periods of the rules are not those of now.
  CREATE FUNCTION teelamma.is_other_period(specs jsonb, now_ms bigint) RETURNS boolean
  LANGUAGE sql IMMUTABLE AS $$
    SELECT specs @? '$.*.from' AND EXISTS (SELECT FROM jsonb_each(specs) s WHERE s.value ? 'from'
      AND (now_ms < (s.value->>'from')::bigint OR now_ms >= (s.value->>'until')::bigint))
  $$;

  -- One batch of operations, exactly once: asked again with the same number, it gives the first answer. The own owner row needs no lock:
  -- nobody but this session, which holds the owner's lock, changes it. lease: 'off', 'take' leases, or 'use' them first.
  CREATE FUNCTION teelamma.apply(me integer, batch bigint, ops jsonb, specs jsonb, given_ms bigint, grace_ms bigint, lease text)
    RETURNS jsonb
  LANGUAGE plpgsql AS $$
  DECLARE last bigint; ended bigint; gone integer[] := '{}'; seqs bigint[]; now_ms bigint; op jsonb; done record;
    results jsonb := '[]'; events jsonb := '[]'; changed boolean := false; leased boolean := false; answer jsonb;
  BEGIN
    SELECT last_batch, ended_ms INTO last, ended FROM teelamma.owner WHERE seq = me;
    IF last = batch THEN RETURN (SELECT last_result FROM teelamma.owner WHERE seq = me); END IF;
    IF ended IS NOT NULL THEN RAISE EXCEPTION 'owner ended' USING ERRCODE = 'TL001'; END IF;
    IF lease = 'use' THEN
      now_ms := coalesce(given_ms, (extract(epoch FROM clock_timestamp()) * 1000)::bigint);
      IF teelamma.is_other_period(specs, now_ms) THEN RETURN jsonb_build_object('otherPeriod', now_ms); END IF;
      answer := teelamma.apply_leased(me, ops, specs, now_ms);
      IF answer IS NOT NULL THEN
        UPDATE teelamma.owner SET last_batch = batch, last_result = answer WHERE seq = me;
        RETURN answer;
      END IF;
    END IF;
    IF ops @> '[{"do": "recover"}]' THEN gone := teelamma.dead_owners(me, grace_ms); END IF;
    seqs := teelamma.windows_of(me, ops, gone);
    PERFORM FROM teelamma.budget_window WHERE seq = ANY(seqs) ORDER BY seq FOR UPDATE;

    now_ms := coalesce(given_ms, (extract(epoch FROM clock_timestamp()) * 1000)::bigint);
    IF teelamma.is_other_period(specs, now_ms) THEN RETURN jsonb_build_object('otherPeriod', now_ms); END IF;
    IF lease <> 'off' THEN
      PERFORM teelamma.fold(in_window, me) FROM teelamma.lease WHERE owner = me AND in_window = ANY(seqs) AND quota > 0;
    END IF;

    FOR op IN SELECT * FROM jsonb_array_elements(ops) LOOP
      done := teelamma.operate(me, op, specs, gone, now_ms);
      results := results || jsonb_build_array(done.result);
      IF done.changed THEN
        events := events || done.events;
        changed := true;
      END IF;
    END LOOP;

    IF lease <> 'off' AND gone = '{}' THEN leased := teelamma.take_leases(me, seqs, ops, specs, now_ms); END IF;
    SELECT jsonb_build_object('now', now_ms, 'results', results, 'events', events, 'changed', changed, 'leased', leased,
        'keys', coalesce(jsonb_agg(jsonb_build_array(k.budget, k.counter)), '[]'),
        'windows', coalesce(jsonb_agg(teelamma.shown(w)) FILTER (WHERE w.seq IS NOT NULL), '[]')) INTO answer
      FROM (
        SELECT w.budget, w.counter FROM teelamma.budget_window w WHERE w.seq = ANY(seqs)
        UNION SELECT p->>0, p->>1 FROM jsonb_array_elements(ops) o, jsonb_array_elements(o->'counters') p
        UNION SELECT s, '' FROM jsonb_object_keys(specs) s) k
      LEFT JOIN teelamma.budget_window w ON w.budget = k.budget AND w.counter = k.counter AND NOT w.ended;
    UPDATE teelamma.owner SET last_batch = batch, last_result = answer WHERE seq = me;
    RETURN answer;
  END $$;

  -- Makes this session the one that speaks for the owner. A session that did before (its connection was lost, and the server may not
  -- have noticed) is ended first: once the lock is here, whatever it had under way is either committed or gone.
  CREATE FUNCTION teelamma.enter(own_key text) RETURNS integer
  LANGUAGE plpgsql AS $$
  DECLARE me integer;
  BEGIN
    INSERT INTO teelamma.owner (key) VALUES (own_key) ON CONFLICT (key) DO NOTHING RETURNING seq INTO me;
    IF me IS NULL THEN
      SELECT seq INTO me FROM teelamma.owner WHERE key = own_key;
      PERFORM pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1415071084 AND objid = me
        AND objsubid = 2 AND granted AND pid <> pg_backend_pid()
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    END IF;
    PERFORM pg_advisory_lock(1415071084, me);
    UPDATE teelamma.owner SET ended_ms = NULL WHERE seq = me AND ended_ms IS NOT NULL;
    RETURN me;
  END $$;
`;
