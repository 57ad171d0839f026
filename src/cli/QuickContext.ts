import type { CliContext } from './CliContext.ts';

/** What the commands that Claude Code runs with every message may touch of the process: a `CliContext` without what takes long to make. */
export interface QuickContext extends Pick<CliContext, 'environment' | 'stdin' | 'nowMs'> {
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly isTerminal: { readonly stdin: boolean };
}

interface TextOutput {
  write(text: string): unknown;
}
