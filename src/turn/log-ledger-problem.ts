import { messageOf } from '../errors.ts';
import type { TurnPorts, TurnRequest } from './turn-types.ts';

/** Logs that the ledger could not be used for a turn; gives the problem in words. */
export function logLedgerProblem(
  { taskId }: TurnRequest,
  action: string,
  input: Readonly<Record<string, unknown>>,
  error: unknown,
  { log }: Pick<TurnPorts, 'log'>,
): string {
  const problem = messageOf(error);
  log.record({ agent: 'ledger', action, taskId, level: 'error', input, output: { failed: problem } });
  return problem;
}
