import { messageOf, TeelammaError } from '../../errors.ts';

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html); extended codes carry them in their low byte. */
const resultCode = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
};

/** SQLite's primary result code of an error that `node:sqlite` threw, or null for any other error. */
function sqliteResultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode & 0xff;
}

/** Whether another connection holds the lock, so that the same call may succeed in a moment. */
export function isBusy(error: unknown): boolean {
  const code = sqliteResultCode(error);
  return code === resultCode.busy || code === resultCode.locked;
}

/** The error that a caller can act on, for whatever went wrong with `file`. A `TeelammaError` passes through. */
export function ledgerError(error: unknown, file: string): unknown {
  if (error instanceof TeelammaError) return error;
  switch (sqliteResultCode(error)) {
    case resultCode.busy:
    case resultCode.locked:
      return busyError(file, error);
    case resultCode.corrupt:
    case resultCode.notADatabase:
      return corruptError(file, 'is not a readable SQLite database', error);
    case resultCode.full:
      return unwritableError(file, 'the disk is full; free some space and try again', error);
    case resultCode.readOnly:
      return unwritableError(
        file,
        'it is read-only; make the file and its folder writable for this user',
        error,
      );
    case resultCode.ioError:
      return unwritableError(
        file,
        `the disk reported an error (${messageOf(error)}); check it and try again`,
        error,
      );
    case resultCode.cannotOpen:
      return unwritableError(
        file,
        'it cannot be opened; check that its folder exists and belongs to you',
        error,
      );
    default:
      return isFileSystemError(error) ? unwritableError(file, messageOf(error), error) : error;
  }
}

/** Other processes kept the ledger locked for longer than the configured wait. */
export function busyError(file: string, cause?: unknown): TeelammaError {
  return new TeelammaError(
    'ledger-busy',
    `The ledger ${file} stayed locked by other processes, so nothing was reserved or recorded. Try again.`,
    { cause, isRetryable: true },
  );
}

/** The file is damaged. It is never deleted or reset: that would forget what was spent. */
export function corruptError(file: string, what: string, cause?: unknown): TeelammaError {
  return new TeelammaError(
    'state-corrupt',
    `The ledger ${file} ${what}, so no budget can be read from it and Claude is not called. Restore it from a backup, or move it aside to start anew: mv "${file}" "${file}.damaged" (do the same with "${file}-wal" and "${file}-shm" if they exist).`,
    { cause },
  );
}

function unwritableError(file: string, why: string, cause: unknown): TeelammaError {
  return new TeelammaError('state-unwritable', `The ledger ${file} cannot be written: ${why}.`, { cause });
}

function isFileSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
