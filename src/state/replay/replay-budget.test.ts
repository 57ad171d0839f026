import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHARGED_AGENT, type TurnRecord } from '../Ledger.ts';
import { openSqliteLedger } from '../sqlite-ledger.ts';
import { replayBudget } from './replay-budget.ts';

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 0, 5);

describe('replayBudget', () => {
  it('grants what a ledger with that limit grants, and refuses what it refuses', async () => {
    const turns = randomTurns(400);
    for (const limitTokens of [3_000, 9_000, 40_000, 10_000_000]) {
      const spec = { name: 'replay', limitTokens, windowMs: 5 * hourMs, thresholdsPercent: [] };
      const real = await runOnLedger(turns, spec);
      const replayed = replayBudget(spec, turns, []);
      expect({
        turns: replayed.turnsOnClaude,
        tokens: replayed.tokens,
        first: replayed.firstRefusedAtMs,
      }).toEqual(real);
    }
  });

  it('keeps more on Claude the higher the limit, and everything without one', () => {
    const turns = randomTurns(600);
    const all = turns.reduce((sum, turn) => sum + turn.chargedTokens, 0);
    const kept = [1_000, 5_000, 20_000, 1_000_000_000].map((limitTokens) =>
      replayBudget({ name: 'r', limitTokens, windowMs: 24 * hourMs, thresholdsPercent: [] }, turns, []),
    );
    expect(kept.at(-1)).toMatchObject({
      tokens: all,
      turnsOnClaude: 600,
      firstRefusedAtMs: null,
      windowsShort: 0,
    });
    const tokens = kept.map((one) => one.tokens);
    expect([...tokens].sort((a, b) => a - b)).toEqual(tokens);
    for (const { limitTokens, tokens: used, windows } of kept)
      expect(used).toBeLessThanOrEqual(limitTokens * windows);
  });
});

/** The same work on a real ledger: each turn a reservation of its own, each event at its time. */
async function runOnLedger(turns: readonly TurnRecord[], spec: Parameters<typeof replayBudget>[0]) {
  const folder = mkdtempSync(join(tmpdir(), 'teelamma-replay-'));
  let nowMs = startMs;
  const result = { turns: 0, tokens: 0, first: null as number | null };
  const options = { file: join(folder, 'ledger.db'), budgets: () => [spec] };
  const ledger = openSqliteLedger(options, { nowMs: () => nowMs, newId: randomUUID });
  const held = new Map<string, { readonly turnId: string; readonly reservationId: string }>();
  const events = turns.flatMap((turn) => [
    { atMs: turn.startedAtMs, order: 1, turn },
    { atMs: turn.settledAtMs ?? 0, order: 0, turn },
  ]);
  for (const { atMs, order, turn } of events.sort((a, b) => a.atMs - b.atMs || a.order - b.order)) {
    nowMs = atMs;
    const { chargedTokens: atLeastTokens, heldTokens: atMostTokens, turnId: id, model, usage } = turn;
    if (order === 1) {
      const request = { taskId: id, kind: 'gateway main', atLeastTokens, atMostTokens, firstTurn: { model } };
      const made = await ledger.reserve(request);
      if (made.granted && made.firstTurn) {
        held.set(id, { turnId: made.firstTurn.turnId, reservationId: made.reservation.id });
      } else result.first ??= nowMs;
      continue;
    }
    const known = held.get(id);
    if (!known || !usage) continue;
    result.turns += 1;
    result.tokens += (await ledger.settleTurn(known.turnId, { kind: 'usage', usage })).chargedTokens;
    await ledger.close(known.reservationId);
  }
  await ledger[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
  return result;
}

/** Overlapping turns over some days. */
function randomTurns(count: number): TurnRecord[] {
  let state = 42;
  const random = () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
  let atMs = startMs;
  return Array.from({ length: count }, (_, index) => {
    atMs += 1 + Math.floor(random() ** 4 * 2 * hourMs);
    const chargedTokens = 1 + Math.floor(random() * 900);
    return {
      turnId: `turn-${index}`,
      taskId: `task-${index}`,
      kind: 'gateway main',
      agent: CHARGED_AGENT,
      model: 'claude-sonnet-5-5',
      state: 'settled',
      heldTokens: chargedTokens + Math.floor(random() * 1_500),
      chargedTokens,
      usage: {
        inputTokens: chargedTokens,
        cacheCreationInputTokens: 0,
        cacheReadInputTokens: 0,
        outputTokens: 0,
      },
      forced: false,
      startedAtMs: atMs,
      settledAtMs: atMs + 2 + Math.floor(random() * 120_000),
      latencyMs: 5,
      reason: null,
    };
  });
}
