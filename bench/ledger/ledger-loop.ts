import type { Ledger } from '../../src/state/Ledger.ts';
import { heldTokens, usage } from './budget.ts';

/** What a connection repeats. */
export interface BenchLoop {
  /** A reserve and its settle. Nothing to wait for where it was done at once. */
  readonly pair: () => Promise<void> | undefined;
  /** How many pairs are under way at a time. */
  readonly outstanding: number;
  readonly done: () => Promise<void>;
}

/**
 * `pairs-N`: `reserve({firstTurn})`, then `settleTurn` and `close` in one tick: two commits. `calls-N`: reserve, beginTurn, settleTurn,
 * close, each awaited: four commits. N pairs are under way at a time. `leased-` before it: with leases.
 */
export function ledgerLoop(ledger: Ledger, loop: string, latenciesUs: number[]): BenchLoop {
  const task = { taskId: 'benchmark-task', kind: 'complex', atLeastTokens: heldTokens };
  const model = 'claude-sonnet-4-5';
  const outcome = { kind: 'usage', usage, latencyMs: 1200 } as const;
  const timed = async <T>(call: () => Promise<T>): Promise<T> => {
    const startMs = performance.now();
    const result = await call();
    latenciesUs.push((performance.now() - startMs) * 1000);
    return result;
  };
  const pair = async () => {
    const reserved = await timed(() => ledger.reserve({ ...task, firstTurn: { model } }));
    if (!reserved.granted || !reserved.firstTurn) throw new Error('The benchmark was refused');
    const { turnId } = reserved.firstTurn;
    const { id } = reserved.reservation;
    await timed(() => Promise.all([ledger.settleTurn(turnId, outcome), ledger.close(id)]));
  };
  const calls = async () => {
    const reserved = await timed(() => ledger.reserve(task));
    if (!reserved.granted) throw new Error('The benchmark was refused');
    const { id: reservationId } = reserved.reservation;
    const amounts = { atLeastTokens: heldTokens, atMostTokens: heldTokens };
    const begun = await timed(() => ledger.beginTurn({ reservationId, ...amounts, model }));
    if (!begun.granted) throw new Error('The benchmark was refused');
    await timed(() => ledger.settleTurn(begun.turnId, outcome));
    await timed(() => ledger.close(reservationId));
  };
  return {
    pair: loop.includes('calls') ? calls : pair,
    outstanding: Number(loop.split('-').at(-1)),
    done: async () => ledger[Symbol.asyncDispose](),
  };
}
