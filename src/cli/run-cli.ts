import { CommanderError } from 'commander';
import { asAborted } from '../errors.ts';
import { createContext } from './create-context.ts';
import { createProgram } from './create-program.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { InvalidArgumentError } from './InvalidArgumentError.ts';
import { endQuietlyOnClosedPipe, hideSqliteWarning } from './process-manners.ts';
import { reportError } from './report-error.ts';

/** Runs one command line, from its arguments to its exit code. Never throws; the process ends by itself when its work is done. */
export async function runCli(process: NodeJS.Process): Promise<void> {
  const commandLine = process.argv.slice(2);
  const doubleDash = commandLine.indexOf('--');
  const flags = doubleDash < 0 ? commandLine : commandLine.slice(0, doubleDash);
  const context = createContext(process, { hasNoColorFlag: flags.includes('--no-color') });
  const fail = (error: unknown): void => {
    process.exitCode = exitCodeOf(error);
    reportError(context, error, flags.includes('--json'));
  };
  endQuietlyOnClosedPipe(process);
  hideSqliteWarning(process);
  process.on('uncaughtException', (error) => {
    fail(error);
    process.exit();
  });
  try {
    const program = await createProgram(context, commandLine);
    await program.parseAsync(commandLine, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) fail(asAborted(error, context.signal));
    else if (error.code === 'commander.help') process.exitCode = exitCodes.usage;
    else if (error.exitCode !== 0) fail(asInvalidArgument(error));
  }
}

function asInvalidArgument(error: CommanderError): InvalidArgumentError {
  return new InvalidArgumentError(error.message.replace(/^error: /, '').replaceAll('\n', ' '), error);
}
