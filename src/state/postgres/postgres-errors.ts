import { TeelammaError } from '../../errors.ts';

/**
 * What is known after a statement failed. `rolled-back`: the server said so, and the same may succeed now; `lost`: the connection is
 * gone or not to be trusted, and whether the statement was committed is not known; `refused`: the server said no, and would again.
 */
export type Failure = 'rolled-back' | 'lost' | 'refused';

/** Judges an error of `pg` by its SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html); none: the connection's. */
export function failureOf(error: unknown): Failure {
  const state = sqlState(error);
  // Raised by teelamma.apply for an owner that was ended: entering again makes it live.
  if (state === null || state === 'TL001') return 'lost';
  // Serialization failures and deadlocks, lock and statement timeouts.
  if (/^40/.test(state) || state === '55P03' || state === '57014') return 'rolled-back';
  // Connection exceptions, too many connections, shut down or starting, and a server that became a read-only standby.
  if (/^08|^57P/.test(state) || state === '53300' || state === '25006') return 'lost';
  return 'refused';
}

/** The error that a caller can act on. `location` names the ledger without its password. A `TeelammaError` passes through. */
export function postgresError(error: unknown, location: string): unknown {
  if (error instanceof TeelammaError) return error;
  const failure = failureOf(error);
  if (failure === 'rolled-back') {
    const why = 'stayed locked by other processes, so nothing was reserved or recorded. Try again';
    return new TeelammaError('ledger-busy', `The ledger ${location} ${why}.`, {
      cause: error,
      isRetryable: true,
    });
  }
  const why = messageOf(error);
  if (failure === 'lost') {
    return new TeelammaError(
      'state-unwritable',
      `The ledger ${location} cannot be reached (${why}). Check that the server runs and that TEELAMMA_LEDGER or ledger.url names it.`,
      { cause: error, isRetryable: true },
    );
  }
  return new TeelammaError(
    'state-unwritable',
    `The ledger ${location} refused (${why}). Check the database, and the rights of the user that TEELAMMA_LEDGER or ledger.url names.`,
    { cause: error },
  );
}

/** The five characters of SQLSTATE; null for an error that the server did not send. */
export function sqlState(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  return 'severity' in error && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
}

/** A refused connection to several addresses comes without a message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ');
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}
