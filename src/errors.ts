/**
 * The errors that a caller can act on. Each class writes its own message (what happened, to what, what to do next), carries the
 * numbers as fields, and has a stable `code`. They become an exit code, an HTTP body or an MCP result once, at that edge.
 */

/** Stable identifiers of every error that leaves this package. */
export type ErrorCode =
  | 'invalid-task'
  | 'invalid-config'
  | 'invalid-argument'
  | 'budget-refused'
  | 'forced-not-allowed'
  | 'no-specialist-available'
  | 'specialist-failed'
  | 'state-corrupt'
  | 'state-unwritable'
  | 'ledger-busy'
  | 'port-taken'
  | 'aborted'
  | 'answer-rejected'
  | 'workspace-busy'
  | 'workspace-unwritable'
  | 'commit-failed';

export interface TeelammaErrorOptions {
  readonly cause?: unknown;
  /** Whether the same call may succeed when it is made again unchanged. Default false. */
  readonly isRetryable?: boolean;
}

/** Base of every error that this package throws on purpose. Anything else that escapes is a bug. */
export class TeelammaError extends Error {
  readonly code: ErrorCode;
  readonly isRetryable: boolean;

  constructor(code: ErrorCode, message: string, options: TeelammaErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.isRetryable = options.isRetryable ?? false;
  }
}

/** The caller's signal was aborted, or the user interrupted. What was sent by then stays charged. */
export class AbortedError extends TeelammaError {
  constructor(reason: unknown, cause?: unknown) {
    const why = reason instanceof Error ? reason.message : String(reason ?? 'no reason given');
    super('aborted', `The task was stopped: ${why}`, { cause: cause ?? reason });
  }
}

/** What was thrown, or where that is the reason of a signal which was aborted, the error that says so. */
export function asAborted(thrown: unknown, signal: AbortSignal | undefined): unknown {
  return signal?.aborted && thrown === signal.reason ? new AbortedError(thrown) : thrown;
}

/** Whether an error says that the ledger cannot be used just now (busy, read-only, disk full); work can go on without Claude then. */
export function isLedgerTrouble(error: unknown): error is TeelammaError {
  return (
    error instanceof TeelammaError && (error.code === 'ledger-busy' || error.code === 'state-unwritable')
  );
}

/** What anything that was thrown says of itself. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's code of an error, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
