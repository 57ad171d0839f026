import type { Environment } from '../config/Config.ts';
import type { Style } from './style.ts';

/**
 * What a command may touch of the process it runs in. Made once, by `main`; a test makes its own. Every file in commands/ exports
 * `register<Name>(program: Command, context: CliContext): void`, and loads what is heavy inside the action.
 */
export interface CliContext {
  readonly environment: Environment;
  readonly stdin: NodeJS.ReadStream;
  /** Results only: what a user would pipe on. Write with `writeLine` and `writeJson`. */
  readonly stdout: NodeJS.WriteStream;
  /** Everything else: progress, warnings, errors. Write with `writeNote`. */
  readonly stderr: NodeJS.WriteStream;
  /** Which of the three is a terminal. */
  readonly isTerminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
  /** IANA name of the user's time zone, such as `Europe/Zurich`. */
  readonly timeZone: string;
  /** Colours for stdout; they obey --no-color, FORCE_COLOR, NO_COLOR, and a stdout that is no terminal. */
  readonly style: Style;
  /** The same for stderr. */
  readonly errorStyle: Style;
  /** Aborted by SIGINT and SIGTERM: end cleanly. */
  readonly signal: AbortSignal;
  /** The exit code of a command that ends without throwing; 0 unless set. exit-codes.ts has the list. */
  readonly setExitCode: (code: number) => void;
}

/** Columns of a terminal to lay text out for: 80 where nobody can say, at least 20. */
export function columnsOf(stream: NodeJS.WriteStream): number {
  return Math.max(20, stream.columns || 80);
}
