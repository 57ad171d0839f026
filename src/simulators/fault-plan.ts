import type { Fault } from './fault.ts';

/** Which model calls of a simulator show which fault. The first that applies counts: `at`, then `next`, then `always`. */
export interface FaultControls {
  /** The model call with this index, counted from 0 since the start. */
  at(callIndex: number, fault: Fault): void;
  /** The next `times` model calls, default 1. Calls of `next` queue up. */
  next(fault: Fault, times?: number): void;
  /** Every model call from now on. */
  always(fault: Fault): void;
  /** Forgets all of them. */
  clear(): void;
}

export interface FaultPlan extends FaultControls {
  /** The fault of this call; each one planned with `next` is given once. */
  take(callIndex: number): Fault | undefined;
}

/** An empty plan. */
export function createFaultPlan(): FaultPlan {
  const byIndex = new Map<number, Fault>();
  let queue: Fault[] = [];
  let everyCall: Fault | undefined;
  return {
    at: (callIndex, fault) => void byIndex.set(callIndex, fault),
    next(fault, times = 1) {
      for (let added = 0; added < times; added += 1) queue.push(fault);
    },
    always(fault) {
      everyCall = fault;
    },
    clear() {
      byIndex.clear();
      queue = [];
      everyCall = undefined;
    },
    take: (callIndex) => byIndex.get(callIndex) ?? queue.shift() ?? everyCall,
  };
}
