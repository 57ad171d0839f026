import { loadConfig } from '../../config/load-config.ts';
import { formatTokens } from '../../messages/format-tokens.ts';
import type { ScratchProof } from '../../verify/scratch-proof.ts';
import { type CliContext, columnsOf } from '../CliContext.ts';
import { exitCodes } from '../exit-codes.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';
import { writeJson, writeLine, writeNote } from '../output.ts';
import { parseWholeNumber } from '../parse-whole-number.ts';
import { wrapText } from '../wrap-text.ts';
import { auditInstallation, type InstallationAudit } from './audit-installation.ts';

export interface VerifyBudgetOptions {
  readonly auditOnly?: boolean;
  readonly quick?: boolean;
  readonly runs?: string;
  readonly processes?: string;
  readonly seed?: string;
  readonly json?: boolean;
}

/**
 * Audits the installation's ledger, then races and kills processes over scratch ledgers, and says what held. Exit code 5 where anything
 * did not.
 */
export async function verifyBudget(context: CliContext, options: VerifyBudgetOptions): Promise<void> {
  const { auditOnly = false, quick = false, json = false } = options;
  if (auditOnly && (quick || options.runs || options.processes || options.seed))
    throw new InvalidArgumentError(
      '--audit-only runs no test, so --quick, --runs, --processes and --seed say nothing. Leave them out.',
    );
  const runs =
    options.runs === undefined ? (quick ? 3 : 20) : parseWholeNumber('--runs', options.runs, 0, 10_000);
  const processes =
    options.processes === undefined
      ? quick
        ? 4
        : 8
      : parseWholeNumber('--processes', options.processes, 2, 64);
  const seed =
    options.seed === undefined
      ? Math.floor(context.nowMs() % 1_000_000_000)
      : parseWholeNumber('--seed', options.seed, 0, 2 ** 31);
  const { config } = loadConfig(context.environment);

  const audit = await auditInstallation(config, context.nowMs);
  let proof: ScratchProof | null = null;
  if (!auditOnly) {
    const { scratchProof } = await import('../../verify/scratch-proof.ts');
    const reservations = quick ? 200 : 1_000;
    const onProgress = (message: string) => {
      if (!json && context.isTerminal.stderr) writeNote(context, context.errorStyle.dim(`${message} ...`));
    };
    proof = await scratchProof({ processes, reservations, runs, seed, signal: context.signal, onProgress });
  }
  const holds = audit.problems.length === 0 && (proof?.problems.length ?? 0) === 0;
  if (json) writeJson(context, { holds, audit, scratch: proof && { seed, ...proof } });
  else writeReport(context, { holds, audit, proof, seed, isShared: config.ledger.url !== undefined });
  context.setExitCode(holds ? exitCodes.ok : exitCodes.state);
}

interface Verification {
  readonly holds: boolean;
  readonly audit: InstallationAudit;
  readonly proof: ScratchProof | null;
  readonly seed: number;
  readonly isShared: boolean;
}

function writeReport(context: CliContext, { holds, audit, proof, seed, isShared }: Verification): void {
  const { style } = context;
  const width = context.isTerminal.stdout ? columnsOf(context.stdout) : Number.POSITIVE_INFINITY;
  const say = (text: string) => writeLine(context, wrapText(`  ${text}`, width, '  '));
  const sayProblems = (problems: readonly string[]) => {
    for (const problem of problems) say(`${style.red('WRONG')} ${problem}`);
  };

  writeLine(context, style.bold(`The ledger ${audit.location}`));
  for (const line of auditLines(audit)) say(line);
  sayProblems(audit.problems);
  for (const note of audit.notes) say(style.dim(`note: ${note}`));
  if (proof) {
    writeLine(context);
    writeLine(context, style.bold(`The race and kill test, seed ${seed}, ${proof.seconds} s`));
    for (const line of proofLines(proof, isShared)) say(line);
    sayProblems(proof.problems);
  }
  writeLine(context);
  writeLine(context, wrapText(conclusion({ holds, audit, proof }), width));
}

function auditLines({ counts, mirror, problems }: InstallationAudit): string[] {
  if (!counts) return [];
  const lines = [
    `Read: ${count(counts.windows, 'window')}, ${count(counts.reservations, 'reservation')} (${formatTokens(counts.openReservations)} open), ` +
      `${count(counts.settledTurns, 'settled turn')}, ${formatTokens(counts.assumedTurns)} charged at their hold, ` +
      `${formatTokens(counts.releasedTurns)} released, ${formatTokens(counts.inFlightTurns)} in flight, ` +
      `${formatTokens(counts.freeTurns)} that no budget pays for, ${count(counts.charges, 'charge')}.`,
    `They charge ${count(counts.chargedTokens, 'token')} and hold ${formatTokens(counts.heldTokens)}.`,
  ];
  if (problems.length === 0)
    lines.push(
      'Every turn is charged what its usage says, every reservation what its turns say, and every window adds up from its turns and charges.',
    );
  if (mirror === 'equal') lines.push('token_budget.json says the same as the ledger.');
  return lines;
}

function proofLines({ race, kills }: ScratchProof, isShared: boolean): string[] {
  const lines = [
    `${race.processes} processes asked at once for ${count(race.granted + race.refused, 'reservation')} of one budget: ${formatTokens(race.granted)} granted, ${formatTokens(race.refused)} refused. ` +
      `In ${count(race.samples, 'look')} from outside at most ${formatTokens(race.mostUsedTokens)} of ${count(race.limitTokens, 'token')} were used; in the end ${formatTokens(race.settledTokens)} settled, as the processes were told.`,
  ];
  if (kills.runs > 0)
    lines.push(
      `${formatTokens(kills.processesKilled)} processes were killed in the middle of their work, in ${count(kills.runs, 'run')}. They had sent ${count(kills.sentTurns, 'turn')} and were told of ${count(kills.acknowledgedSettles, 'settle')}; ` +
        `recovery charged ${formatTokens(kills.assumedTurns)} turns at their hold and freed ${count(kills.releasedTokens, 'token')} that were never sent.`,
    );
  if (isShared)
    lines.push(
      'The test ran over scratch SQLite files, not over your Postgres: only the audit says something about that.',
    );
  return lines;
}

function conclusion({ holds, audit, proof }: Pick<Verification, 'holds' | 'audit' | 'proof'>): string {
  if (holds) {
    const audited = audit.counts
      ? "the ledger's sums are those of its records"
      : 'there was no ledger to audit';
    if (!proof) return `It holds: ${audited}.`;
    return `It holds: ${audited}; no limit was passed, no acknowledged settle was lost, and no hold was left after recovery.`;
  }
  const advice = [];
  if (audit.problems.length > 0)
    advice.push(
      'keep a copy of the ledger, then restore a backup of it, or begin clean windows with `teelamma budget reset`; nothing was changed',
    );
  if (proof && proof.problems.length > 0)
    advice.push(
      'report the failed test as a bug, with its seed; a TMPDIR on a network drive can be the cause',
    );
  return `It does NOT hold. What to do: ${advice.join('; ')}.`;
}

function count(n: number, noun: string): string {
  return `${formatTokens(n)} ${noun}${n === 1 ? '' : 's'}`;
}
