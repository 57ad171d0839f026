import yoctoSpinner, { type Spinner } from 'yocto-spinner';
import { bareAmount } from '../../messages/format-amount.ts';
import { percentOf } from '../../messages/format-tokens.ts';
import type { BudgetStatus } from '../../state/Ledger.ts';
import { leastLeft } from '../../state/tokens-left.ts';
import type { TaskEvent, TaskResult } from '../../task-events.ts';
import { type CliContext, columnsOf } from '../CliContext.ts';
import { truncate } from '../display-width.ts';
import { writeNote } from '../output.ts';
import { printable } from '../printable.ts';
import { wrapText } from '../wrap-text.ts';
import { describeEvent } from './describe-event.ts';
import { summaryLines } from './summary-lines.ts';

export interface TaskDisplayOptions {
  /** Only the answer, warnings, and what is wrong with the answer. */
  readonly quiet: boolean;
  /** Shows the answer's text as it comes, which includes answers that are replaced later; only for a terminal. */
  readonly streams: boolean;
  readonly simulated: boolean;
  /** Whether lines tell of thresholds and handovers. */
  readonly notifies: boolean;
  readonly thresholdsPercent: readonly number[];
}

/**
 * Shows one task while it runs: the answer on stdout, the rest on stderr. On a terminal a live line stands below: who is at work, and
 * the budget.
 */
export class TaskDisplay {
  private readonly options: TaskDisplayOptions;
  private readonly context: CliContext;
  private readonly spinner: Spinner | null;
  private activity = 'starting';
  /** Percent used and tokens left, as far as events have told. */
  private budgetText = '';
  /** The text of the running turn that stands on stdout. */
  private streamed = '';
  /** Whether stdout ends inside a line. */
  private isMidLine = false;

  constructor(options: TaskDisplayOptions, context: CliContext) {
    this.options = options;
    this.context = context;
    this.spinner =
      context.isTerminal.stderr && !options.quiet
        ? yoctoSpinner({ stream: context.stderr, handleSignals: false })
        : null;
  }

  start(): void {
    if (this.options.simulated) {
      this.note(
        'SIMULATED: the answer comes from a simulator, not from a model; your budget is not touched.',
        this.context.errorStyle.yellow,
      );
    }
    if (this.isLive()) this.spinner?.start(this.liveLine());
  }

  show(event: TaskEvent): void {
    if (event.type === 'text') this.stream(event.text);
    else this.tell(event);
    if (event.type === 'turn-started') this.activity = `${event.agent} (${event.model})`;
    if (event.type === 'decision' && event.decision.tokenBudgetStatus) {
      const { used, remaining } = event.decision.tokenBudgetStatus;
      const left = bareAmount(event.decision.tokenBudgetStatus, remaining);
      this.budgetText = budgetText(used, used + remaining, left);
    }
    if (event.type === 'turn-settled') this.showBudget(leastLeft(event.budgets));
    if (event.type === 'threshold') this.showBudget(event.budget);
    if (event.type === 'waiting') this.activity = `waiting: ${event.reason}`;
    if (event.type !== 'text' && this.spinner?.isSpinning) this.spinner.text = this.liveLine();
  }

  interrupted(): void {
    this.note(
      'Interrupted: settling the ledger. Press Ctrl-C again to end at once.',
      this.context.errorStyle.yellow,
    );
  }

  /** Takes the live line away and ends the line that the answer stands in. */
  stop(): void {
    this.endLine();
    this.spinner?.stop();
  }

  /** Gives the final answer, unless it stands there already, and the summary. */
  finish(result: TaskResult): void {
    const { context, options } = this;
    // A pipe gets it as it is; a terminal may be what is not streamed to, too.
    const output = context.isTerminal.stdout ? printable(result.output) : result.output;
    if (!options.streams) context.stdout.write(withNewline(output));
    else if (this.streamed.trim() !== output.trim()) {
      if (this.streamed !== '') this.mark('an earlier answer was better; it is');
      context.stdout.write(withNewline(output));
    }
    const isApproved = result.verdict.outcome === 'approved';
    if (options.quiet && isApproved) return;
    writeNote(context);
    for (const line of summaryLines(result, options, context)) this.note(line);
  }

  private tell(event: Exclude<TaskEvent, { type: 'text' }>): void {
    if (event.type === 'turn-started' || event.type === 'handover') this.restart(event);
    const line = describeEvent(event);
    if (line === null || (this.options.quiet && event.type !== 'warning')) return;
    if (!this.options.notifies && (event.type === 'threshold' || event.type === 'handover')) return;
    const { dim, yellow } = this.context.errorStyle;
    this.note(printable(line), event.type === 'warning' || event.type === 'threshold' ? yellow : dim);
  }

  private stream(text: string): void {
    if (!this.options.streams) return;
    const shown = printable(text);
    if (shown === '') return;
    this.context.stdout.write(shown);
    this.streamed += shown;
    this.isMidLine = !shown.endsWith('\n');
  }

  /** What stands on the terminal is void: the next specialist, or the next round, begins anew. */
  private restart(event: Extract<TaskEvent, { type: 'turn-started' | 'handover' }>): void {
    if (this.streamed === '') return;
    const why = event.type === 'handover' ? `${event.handover.to} takes over` : purposes[event.purpose];
    this.mark(`the answer above is void: ${why}`);
    this.streamed = '';
  }

  /** A line across the terminal between two answers; on stdout where stderr is looked at by nobody. */
  private mark(text: string): void {
    this.endLine();
    const { isTerminal, errorStyle, style, stderr, stdout } = this.context;
    const line = `--- ${text} ---`;
    if (isTerminal.stderr) stderr.write(`${errorStyle.yellow(wrapText(line, columnsOf(stderr)))}\n`);
    else stdout.write(`${style.yellow(wrapText(line, columnsOf(stdout)))}\n`);
  }

  private note(line: string, paint: (text: string) => string = (text) => text): void {
    this.endLine();
    const { context } = this;
    const shown = context.isTerminal.stderr ? wrapText(line, columnsOf(context.stderr), '  ') : line;
    writeNote(context, shown.split('\n').map(paint).join('\n'));
  }

  private endLine(): void {
    if (!this.isMidLine) return;
    this.context.stdout.write('\n');
    this.isMidLine = false;
  }

  /** CI logs and dumb terminals cannot take a line back. */
  private isLive(): boolean {
    const { environment } = this.context;
    return environment['TERM'] !== 'dumb' && environment['CI'] === undefined;
  }

  private showBudget(budget: BudgetStatus | null): void {
    if (!budget) return;
    const { settledTokens, heldTokens, remainingTokens, limitTokens } = budget;
    const left = bareAmount(budget, remainingTokens);
    this.budgetText = budgetText(settledTokens + heldTokens, limitTokens, left);
  }

  private liveLine(): string {
    // The spinner's own sign and a space stand before it.
    return truncate(this.activity + this.budgetText, columnsOf(this.context.stderr) - 3);
  }
}

function budgetText(used: number, limit: number, left: string): string {
  return ` · budget ${percentOf(used, limit)}%, ${left} left`;
}

const purposes = {
  answer: 'it is begun again',
  repair: 'it is being repaired',
  escalation: 'the other specialist does it again',
} as const;

function withNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
