import { type ErrorCode, TeelammaError } from '../errors.ts';

/** What the command says to the shell when it ends. Documented in `teelamma --help` and docs/cli.md. */
export const exitCodes = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  noSpecialist: 3,
  notApproved: 4,
  state: 5,
  budgetRefused: 6,
  notApplied: 7,
  interrupted: 130,
} as const;

/** The exit code of an error that ended a command. */
export function exitCodeOf(error: unknown): number {
  return error instanceof TeelammaError ? codes[error.code] : exitCodes.unexpected;
}

const codes: Readonly<Record<ErrorCode, number>> = {
  'invalid-task': exitCodes.usage,
  'invalid-config': exitCodes.usage,
  'invalid-argument': exitCodes.usage,
  'port-taken': exitCodes.usage,
  'no-specialist-available': exitCodes.noSpecialist,
  'specialist-failed': exitCodes.noSpecialist,
  'answer-rejected': exitCodes.notApproved,
  'state-corrupt': exitCodes.state,
  'state-unwritable': exitCodes.state,
  'ledger-busy': exitCodes.state,
  'budget-refused': exitCodes.budgetRefused,
  'forced-not-allowed': exitCodes.budgetRefused,
  'workspace-busy': exitCodes.notApplied,
  'workspace-unwritable': exitCodes.notApplied,
  'commit-failed': exitCodes.notApplied,
  aborted: exitCodes.interrupted,
};
