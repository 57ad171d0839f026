import { budgetStatus, type WindowSums } from '../budget-status.ts';
import { isCurrentWindow } from '../current-window.ts';
import type { BudgetSpec, BudgetStatus, Scope } from '../Ledger.ts';
import { type Counter, countersFor } from './budget-rules.ts';

/** A window as the server sends it. */
export interface WindowColumns {
  readonly budget: string;
  readonly counter: string;
  readonly start_ms: number;
  readonly ended: boolean;
  readonly settled: number;
  readonly held: number;
  readonly forced: number;
  readonly is_usd: boolean;
}

/** The open windows as of the last round trip. What is read of it is judged by the limits and the time of the reading. */
export class WindowView {
  /** Whether anything was ever read. */
  isKnown = false;
  private readonly windows = new Map<string, WindowSums>();
  /** Counters that an answer was about, with or without a window. */
  private readonly answered = new Set<string>();

  /** Takes over the windows of these counters; one without a window has none. All counters where none are named. */
  update(windows: readonly WindowColumns[], counters?: readonly Counter[]): void {
    this.isKnown ||= counters === undefined;
    if (counters === undefined) this.windows.clear();
    for (const [budget, counter] of counters ?? []) {
      const key = keyOf(budget, counter);
      this.windows.delete(key);
      if (!this.isKnown) this.answered.add(key);
    }
    for (const one of windows) this.windows.set(keyOf(one.budget, one.counter), toSums(one));
  }

  /** The budgets that limit what has this scope. */
  statusFor(budgets: readonly BudgetSpec[], scope: Scope | null, nowMs: number): BudgetStatus[] {
    const counters = new Map(countersFor(budgets, scope));
    return budgets.flatMap((spec) => {
      const counter = counters.get(spec.name);
      if (counter === undefined) return [];
      const window = this.window(spec.name, counter);
      const status = budgetStatus(spec, window, nowMs, counter, scope?.model);
      return this.answered.has(keyOf(spec.name, counter)) ? status : this.closed(status);
    });
  }

  /** Every budget, and each of its counters that is in use. */
  statusOfAll(budgets: readonly BudgetSpec[], nowMs: number): BudgetStatus[] {
    return budgets.flatMap((spec) => {
      if (spec.each === undefined)
        return this.closed(budgetStatus(spec, this.window(spec.name, ''), nowMs, ''));
      const used = this.countersOf(spec).filter((one) => isCurrentWindow(spec, one, nowMs));
      if (used.length === 0) return this.closed(budgetStatus(spec, null, nowMs));
      return used.map((window) => this.closed(budgetStatus(spec, window, nowMs)));
    });
  }

  /** A ledger that was never reached is no budget that is free: nothing remains of it. */
  private closed(status: BudgetStatus): BudgetStatus {
    return this.isKnown ? status : { ...status, remainingTokens: 0, exhausted: true };
  }

  private window(budget: string, counter: string): WindowSums | null {
    return this.windows.get(keyOf(budget, counter)) ?? null;
  }

  private countersOf({ name }: BudgetSpec): WindowSums[] {
    const found = [...this.windows]
      .filter(([key]) => key.startsWith(`${name}\n`))
      .map(([, window]) => window);
    return found.sort((a, b) => ((a.counter ?? '') < (b.counter ?? '') ? -1 : 1));
  }
}

/** What `budgetStatus` computes from. */
export function toSums(row: WindowColumns): WindowSums {
  return {
    counter: row.counter,
    startMs: row.start_ms,
    ended: row.ended,
    isUsd: row.is_usd,
    settledTokens: row.settled,
    heldTokens: row.held,
    forcedTokens: row.forced,
  };
}

/** Budget names have no line breaks. */
function keyOf(budget: string, counter: string): string {
  return `${budget}\n${counter}`;
}
