import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import type { Config, Environment } from '../../config/Config.ts';
import { formatDuration } from '../../config/parse-duration.ts';
import { usdText } from '../../config/parse-usd.ts';
import { TeelammaError } from '../../errors.ts';
import { amountText, bareAmount } from '../../messages/format-amount.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import type { BudgetStatus, Ledger, RecoveryReport } from '../../state/Ledger.ts';
import { budgetTitle } from '../../state/scope.ts';
import { formatMoment } from '../format-time.ts';
import type { Check, Findings } from './Check.ts';

export interface Moment {
  readonly nowMs: number;
  readonly timeZone: string;
}

/** Input tokens of the smallest request that Claude Code makes; a task of three requests was seen to need 37,000. */
const claudeCodeTurnTokens = 12_000;
const bigWalBytes = 256e6;
/** No clock of a machine that runs this is earlier. */
const earliestMs = Date.UTC(2025, 0, 1);

/** The ledger's health, what recovery found, the budget, and the clock. Makes no ledger where there is none. */
export async function checkLedger(
  config: Config,
  environment: Environment,
  moment: Moment,
): Promise<Findings> {
  const { ledgerFile } = config.paths;
  const clock = checkClock(moment);
  if (config.ledger.url === undefined && !existsSync(ledgerFile)) {
    const none: Check = {
      name: 'Ledger',
      status: 'ok',
      found: `none yet; ${ledgerFile} is made at first use`,
    };
    return { checks: [none, checkLimit(config), ...clock], isUsable: true };
  }
  try {
    const { openLedger } = await import('../../app.ts');
    await using ledger = await openLedger(config, environment);
    return await examine(ledger, config, moment, clock);
  } catch (error) {
    if (!(error instanceof TeelammaError)) throw error;
    return { checks: [failed(error.message), checkLimit(config), ...clock], isUsable: false };
  }
}

async function examine(
  ledger: Ledger,
  config: Config,
  moment: Moment,
  clock: readonly Check[],
): Promise<Findings> {
  const health = await ledger.check();
  if (!health.ok) {
    return { checks: [...health.problems.map(failed), checkLimit(config), ...clock], isUsable: false };
  }
  const report = await ledger.recover();
  const budgets = await ledger.status();
  const sound: Check = {
    name: 'Ledger',
    status: 'ok',
    found: `${health.location} is sound; its sums agree with its records`,
  };
  const checks = [
    sound,
    ...checkWal(config.paths.ledgerFile),
    ...recovered(report),
    checkLimit(config),
    ...budgets.flatMap((budget) => checkBudget(budget, moment)),
    ...clock,
  ];
  return { checks, isUsable: true };
}

function failed(problem: string): Check {
  return {
    name: 'Ledger',
    status: 'fail',
    found: problem,
    fix: 'do what it says; until then Claude is not called, and Ollama does everything',
  };
}

function checkWal(file: string): Check[] {
  const checks: Check[] = [];
  if (!isInWalMode(file)) {
    const found = `${file} is not in WAL mode, which network drives do not allow: processes wait for each other, and may be refused`;
    checks.push({
      name: 'Ledger',
      status: 'warn',
      found,
      fix: 'set TEELAMMA_HOME to a folder on a local disk',
    });
  }
  const walBytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (walBytes > bigWalBytes) {
    const found = `the write-ahead log has grown to ${Math.round(walBytes / 1e6)} MB: some process keeps an old view of the ledger open`;
    checks.push({ name: 'Ledger', status: 'warn', found, fix: 'end teelamma processes that hang' });
  }
  return checks;
}

/** Byte 18 of the file, the write version: 2 means WAL (https://www.sqlite.org/fileformat2.html#file_format_version_numbers). */
function isInWalMode(file: string): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const version = Buffer.alloc(1);
    readSync(descriptor, version, 0, 1, 18);
    return version[0] === 2;
  } finally {
    closeSync(descriptor);
  }
}

function recovered({ deadOwners, assumedTurns, assumedTokens, releasedTokens }: RecoveryReport): Check[] {
  if (deadOwners === 0) return [];
  const found =
    `${deadOwners} ended without settling what they held: ${formatTokens(releasedTokens)} tokens that were never sent are free again, ` +
    `${formatTokens(assumedTokens)} of ${assumedTurns} calls that were under way stay charged`;
  return [{ name: 'Recovery', status: 'warn', found: `processes that were gone: ${found}` }];
}

function checkLimit({ budget }: Config): Check {
  const unit = budget.counts?.unit === 'micro-usd' ? { unit: budget.counts.unit } : {};
  const found = `${amountText(unit, budget.limitTokens)} per ${formatDuration(budget.windowMs)}`;
  if (unit.unit || budget.limitTokens >= claudeCodeTurnTokens) return { name: 'Budget', status: 'ok', found };
  return {
    name: 'Budget',
    status: 'warn',
    found: `${found}: enough for \`teelamma run\`, but one turn of Claude Code takes about ${formatTokens(claudeCodeTurnTokens)}`,
    fix: 'to run Claude Code through it: teelamma budget set 2M --window 5h',
  };
}

function checkBudget(budget: BudgetStatus, { nowMs, timeZone }: Moment): Check[] {
  const name = budgetTitle(budget);
  const { windowStartMs, settledTokens, heldTokens, overdraftTokens, limitTokens, resetAtMs } = budget;
  const checks: Check[] = [];
  if (windowStartMs !== null && windowStartMs > nowMs) {
    checks.push({
      name: 'Clock',
      status: 'fail',
      found: `the window of budget ${name} began ${formatMoment(windowStartMs, timeZone)}, which is in the future: the clock went backwards`,
      fix: 'set the clock, or begin a new window: teelamma budget reset',
    });
  }
  if (budget.exhausted) {
    checks.push({
      name: 'Budget',
      status: 'warn',
      found: `budget ${name} is exhausted (${bareAmount(budget, settledTokens + heldTokens)} of ${bareAmount(budget, limitTokens)}); Ollama does everything until ${formatMoment(resetAtMs, timeZone)}`,
      fix: `wait, or raise it: teelamma budget set ${budget.unit ? `'${usdText(2 * limitTokens)}'` : 2 * limitTokens}`,
    });
  }
  if (overdraftTokens > 0) {
    const found = `budget ${name} has ${amountText(budget, overdraftTokens)} of overdraft, spent by force`;
    checks.push({
      name: 'Budget',
      status: 'warn',
      found,
      fix: 'to forbid it: teelamma config set budget.allowForced false',
    });
  }
  return checks;
}

function checkClock({ nowMs, timeZone }: Moment): Check[] {
  if (nowMs >= earliestMs) return [];
  const found = `this machine says it is ${formatMoment(nowMs, timeZone)}`;
  return [{ name: 'Clock', status: 'fail', found, fix: 'set the clock; budgets are counted by it' }];
}
