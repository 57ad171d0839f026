/** Ends the process without a word when whoever read its output has gone (`teelamma log | head`). */
export function endQuietlyOnClosedPipe(process: NodeJS.Process): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/** Node 22 warns at every start that node:sqlite is experimental; that is our concern and not the user's. Other warnings pass. */
export function hideSqliteWarning(process: NodeJS.Process): void {
  const emitWarning = process.emitWarning.bind(process) as (...given: readonly unknown[]) => void;
  process.emitWarning = (...given: readonly unknown[]): void => {
    const isSqliteWarning = given[1] === 'ExperimentalWarning' && String(given[0]).startsWith('SQLite');
    if (!isSqliteWarning) emitWarning(...given);
  };
}

/**
 * A signal that SIGINT or SIGTERM aborts, so that a task can settle what it spent. The second one ends the process at once, with the
 * exit code of an interruption; the ledger then finds the dead owner by itself.
 */
export function listenForInterrupt(process: NodeJS.Process, interruptedExitCode: number): AbortSignal {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      // A live line may have hidden the cursor.
      if (process.stderr.isTTY) process.stderr.write('\u001b[?25h\n');
      process.exit(interruptedExitCode);
    }
    process.exitCode = interruptedExitCode;
    controller.abort(new Error(`interrupted by ${name}`));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}
