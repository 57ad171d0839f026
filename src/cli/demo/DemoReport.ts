import type { Config } from '../../config/Config.ts';
import { formatDuration } from '../../config/parse-duration.ts';
import { formatTokens, percentOf } from '../../messages/format-tokens.ts';
import type { BudgetStatus } from '../../state/Ledger.ts';
import { type CliContext, columnsOf } from '../CliContext.ts';
import { truncate } from '../display-width.ts';
import { formatBar, paintOf } from '../format-bar.ts';
import { shortAgent } from '../log/summarize-entry.ts';
import { writeLine, writeTable } from '../output.ts';
import { wrapText } from '../wrap-text.ts';
import type { DemoProof } from './DemoLedgerWatch.ts';
import type { DemoOutcome } from './demo-outcome.ts';
import { demoTasks } from './demo-tasks.ts';

const widest = 100;
const indent = ' '.repeat(7);
const rowIndent = ' '.repeat(16);

/** The demo as a person sees it, task by task. */
export class DemoReport {
  private readonly context: CliContext;
  private readonly budget: Config['budget'];
  private readonly width: number;

  constructor(context: CliContext, budget: Config['budget']) {
    this.context = context;
    this.budget = budget;
    this.width = Math.min(widest, context.isTerminal.stdout ? columnsOf(context.stdout) : widest);
  }

  opening(claudeModel: string, ollamaModel: string): void {
    const { limitTokens, windowMs } = this.budget;
    const { style } = this.context;
    this.line(
      `${style.bold('Demo, simulated:')} ${demoTasks.length} tasks, a budget of ${formatTokens(limitTokens)} Claude tokens per ${formatDuration(windowMs)}.`,
    );
    this.line(
      `Router, ledger, critic and the calls over HTTP are real. ${claudeModel} and ${ollamaModel} are simulators in this process: ` +
        'no answer comes from a model, and every answer says so. Their answers to complex tasks are made as long as such answers are. ' +
        'Your own key, budget and files take no part.',
    );
    this.line();
  }

  task(number: number, outcome: DemoOutcome, budget: BudgetStatus | undefined): void {
    const { style } = this.context;
    const row = (title: string, text: string): void =>
      writeLine(
        this.context,
        `${indent}${style.dim(title.padEnd(9))}${wrapText(text, this.width, rowIndent)}`,
      );
    const paintAgent = outcome.agent === 'claude-specialist' ? style.cyan : style.green;
    const count = `${String(number).padStart(2)}/${demoTasks.length}  `;
    writeLine(this.context, style.bold(count + wrapText(outcome.task, this.width, indent)));
    if (outcome.note !== null) row('fault', style.yellow(outcome.note));
    row('decision', `${shortAgent(outcome.decision.targetAgent)}: ${outcome.decision.reason}`);
    for (const event of outcome.events) row('then', style.yellow(event));
    row(
      'done by',
      `${paintAgent(shortAgent(outcome.agent))} (${outcome.model}), ${outcome.verdict}; ${formatTokens(outcome.chargedTokens)} Claude tokens`,
    );
    row('answer', truncate(outcome.answer, Math.max(20, this.width - rowIndent.length)));
    if (budget) row('budget', this.bar(budget));
    this.line();
  }

  closing(outcomes: readonly DemoOutcome[], proof: DemoProof): void {
    const { context } = this;
    writeTable(
      context,
      [
        { title: '#', align: 'right' },
        { title: 'TASK', flexible: true },
        { title: 'LEVEL' },
        { title: 'DONE BY' },
        { title: 'VERDICT' },
        { title: 'CLAUDE', align: 'right' },
        { title: 'OLLAMA', align: 'right' },
        { title: 'LEFT', align: 'right' },
      ],
      outcomes.map((outcome, index) => [
        String(index + 1),
        truncate(outcome.task, 44),
        outcome.level,
        shortAgent(outcome.agent),
        outcome.verdict,
        formatTokens(outcome.chargedTokens),
        formatTokens(outcome.freeTokens),
        formatTokens(outcome.remainingTokens),
      ]),
    );
    this.line();
    for (const sentence of conclusions(outcomes, proof)) this.line(sentence, '  ');
    this.line();
    this.line(context.style.bold('To set it up for real'));
    this.line('  export ANTHROPIC_API_KEY=...      your key; or none, then Ollama does everything');
    this.line('  ollama pull qwen3:8b              the safety net, from https://ollama.com/download');
    this.line('  teelamma budget set 2M --window 5h');
    this.line('  teelamma doctor                   checks all of it');
    this.line('  teelamma run "Explain what a mutex is"');
  }

  private bar(budget: BudgetStatus): string {
    const { thresholdsPercent } = this.budget;
    const { style } = this.context;
    const used = budget.settledTokens + budget.heldTokens;
    const percent = percentOf(used, budget.limitTokens);
    const bar = formatBar(budget, { width: 32, thresholdsPercent, style });
    const paint = paintOf(budget, { thresholdsPercent, style });
    return `${bar} ${paint(`${percent}%`)} used, ${formatTokens(budget.remainingTokens)} left`;
  }

  private line(text = '', nextIndent = ''): void {
    writeLine(this.context, wrapText(text, this.width, nextIndent));
  }
}

function conclusions(outcomes: readonly DemoOutcome[], proof: DemoProof): string[] {
  const claude = outcomes.filter(({ agent }) => agent === 'claude-specialist').length;
  const approved = outcomes.filter(({ verdict }) => verdict === 'approved').length;
  const refused = outcomes.filter(
    ({ level, decision, events }) =>
      level === 'complex' &&
      (decision.targetAgent === 'ollama-specialist' ||
        events.some((event) => event.includes('Token budget'))),
  ).length;
  const limit = formatTokens(proof.limitTokens);
  return [
    `${outcomes.length} tasks were done, none was dropped: ${claude} by Claude, ${outcomes.length - claude} by Ollama; ${approved} answers approved by the critic.`,
    `${refused} complex tasks came when the budget had no room for them, and Ollama did them.`,
    proof.everPassedLimit
      ? `THE LIMIT WAS PASSED: ${formatTokens(proof.mostUsedTokens)} of ${limit} tokens were settled or held. Please report this.`
      : `The limit was never passed: of ${limit} tokens at most ${formatTokens(proof.mostUsedTokens)} were settled or held, in ${proof.commits} commits of the ledger.`,
    `The ledger says ${formatTokens(proof.settledTokens)} tokens settled and ${formatTokens(proof.heldTokens)} held; Claude's simulator would have billed ${formatTokens(proof.billedTokens)}.`,
  ];
}
