import type { CliContext } from './CliContext.ts';
import { exitCodes } from './exit-codes.ts';
import { listenForInterrupt } from './process-manners.ts';
import { createStyle, wantsColor } from './style.ts';

export interface ContextOptions {
  readonly hasNoColorFlag: boolean;
}

/** The context of a real process. What costs something is made when it is first asked for: stdin, the time zone, the signal. */
export function createContext(process: NodeJS.Process, options: ContextOptions): CliContext {
  const { env: environment, stdout, stderr } = process;
  const isTerminal = {
    get stdin() {
      return process.stdin.isTTY === true;
    },
    stdout: stdout.isTTY === true,
    stderr: stderr.isTTY === true,
  };
  const styleFor = (streamIsTerminal: boolean) =>
    createStyle(wantsColor(environment, streamIsTerminal, options.hasNoColorFlag));
  let signal: AbortSignal | undefined;
  return {
    environment,
    get stdin() {
      return process.stdin;
    },
    stdout,
    stderr,
    isTerminal,
    nowMs: Date.now,
    get timeZone() {
      return new Intl.DateTimeFormat().resolvedOptions().timeZone;
    },
    style: styleFor(isTerminal.stdout),
    errorStyle: styleFor(isTerminal.stderr),
    get signal() {
      // Commands that never ask for it are ended by the signal itself.
      signal ??= listenForInterrupt(process, exitCodes.interrupted);
      return signal;
    },
    setExitCode: (code) => {
      process.exitCode = code;
    },
  };
}
