import type { Config } from '../../config/Config.ts';
import { maskSecrets } from '../../logging/mask-secrets.ts';
import { type CliContext, columnsOf } from '../CliContext.ts';
import { exitCodes } from '../exit-codes.ts';
import { writeJson, writeLine } from '../output.ts';
import { wrapText } from '../wrap-text.ts';
import type { Check } from './Check.ts';
import { checkClaude } from './check-claude.ts';
import { checkCoolDown } from './check-cool-down.ts';
import { checkFiles } from './check-files.ts';
import { checkLedger } from './check-ledger.ts';
import { checkLimits } from './check-limits.ts';
import { checkOllama } from './check-ollama.ts';
import { checkSandbox } from './check-sandbox.ts';
import { checkScratch } from './check-scratch.ts';
import { checkSetup } from './check-setup.ts';
import { checkWebhook } from './check-webhook.ts';
import { checkWorkspaces } from './check-workspaces.ts';
import { readableConfig } from './readable-config.ts';

export interface DoctorOptions {
  /** Asks nobody beyond this machine. */
  readonly offline: boolean;
  readonly json: boolean;
}

interface Diagnosis {
  readonly checks: readonly Check[];
  readonly hasValidConfig: boolean;
  readonly claude: boolean;
  readonly ollama: boolean;
  readonly ledger: boolean;
}

/**
 * Looks at everything that a task needs and shows what was found, each with its fix. Reports what is broken and never fails for it.
 * Exit code: 5 where the ledger cannot be used, else 2 where the configuration is not valid, else 3 where neither specialist is
 * usable, else 0. What was not asked because of `offline` counts as usable.
 */
export async function runDoctor(context: CliContext, options: DoctorOptions): Promise<void> {
  const readable = readableConfig(context.environment);
  const { config } = readable;
  const asking = { offline: options.offline, signal: context.signal };
  const moment = { nowMs: context.nowMs(), timeZone: context.timeZone };
  const files = checkFiles(config.paths);
  const [claude, ollama, ledger, sandbox, limits] = await Promise.all([
    checkClaude(config, asking),
    checkOllama(config, asking),
    checkLedger(config, context.environment, moment),
    checkSandbox(config, context.environment, context.signal),
    checkLimits(config, moment),
  ]);
  const workspaces = await checkWorkspaces(config.paths);
  const scratch = await checkScratch();
  const setup = checkSetup(context.environment, readable);
  const diagnosis: Diagnosis = {
    checks: [
      ...setup,
      ...claude.checks,
      ...checkCoolDown(config, moment),
      ...limits,
      ...ollama.checks,
      ...ledger.checks,
      ...files.checks,
      ...workspaces,
      ...scratch,
      sandbox,
      ...checkWebhook(config, moment.nowMs),
    ].map((check) => withoutKeys(check, config)),
    hasValidConfig: readable.problems.length === 0,
    claude: claude.isUsable,
    ollama: ollama.isUsable,
    ledger: ledger.isUsable && files.isUsable,
  };
  const exitCode = exitCodeFor(diagnosis);
  if (options.json) writeJson(context, { isUsable: exitCode === 0, exitCode, ...diagnosis });
  else writeDiagnosis(context, diagnosis);
  context.setExitCode(exitCode);
}

function exitCodeFor({ ledger, hasValidConfig, claude, ollama }: Diagnosis): number {
  if (!ledger) return exitCodes.state;
  if (!hasValidConfig) return exitCodes.usage;
  return claude || ollama ? exitCodes.ok : exitCodes.noSpecialist;
}

/** A provider may echo a key in its error, and a URL may hold one. */
function withoutKeys(check: Check, { claude }: Config): Check {
  const secrets = [claude.apiKey, claude.authToken].flatMap((secret) => secret || []);
  const found = secrets.reduce((text, secret) => text.replaceAll(secret, '[masked]'), check.found);
  return { ...check, found: maskSecrets(found) };
}

const nameWidth = 14;

function writeDiagnosis(context: CliContext, diagnosis: Diagnosis): void {
  const { style } = context;
  const width = context.isTerminal.stdout ? columnsOf(context.stdout) : Number.POSITIVE_INFINITY;
  const marks = {
    ok: style.green('ok  '),
    warn: style.yellow('warn'),
    fail: style.red('FAIL'),
    skipped: style.dim('skip'),
  };
  const indent = ' '.repeat(4 + 2 + nameWidth + 1);
  for (const { name, status, found, fix } of diagnosis.checks) {
    const line = `${marks[status]}  ${style.bold(name)}${' '.repeat(Math.max(0, nameWidth - name.length))} ${found}`;
    writeLine(context, wrapText(line, width, indent));
    if (fix !== undefined)
      writeLine(context, wrapText(`${indent}${style.cyan('fix:')} ${fix}`, width, indent));
  }
  writeLine(context);
  writeLine(context, wrapText(conclusion(diagnosis), width));
}

function conclusion({ ledger, hasValidConfig, claude, ollama }: Diagnosis): string {
  if (!ledger) return 'Not usable: the ledger cannot be used, so Claude is never called. See FAIL above.';
  if (!hasValidConfig)
    return 'Not usable: the configuration is not valid, and every command refuses to work with it.';
  if (claude && ollama) return 'Usable: Claude within the budget, Ollama beyond it.';
  if (claude) return 'Usable, with Claude alone: when the budget is used up, nobody goes on with the work.';
  if (ollama) return 'Usable, with Ollama alone.';
  return 'Not usable: neither Claude nor Ollama can do a task. One of the two is enough; see above.';
}
