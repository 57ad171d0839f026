import { writeFileSync } from 'node:fs';
import { codeOf } from '../errors.ts';
import { runHook } from './hook/run-hook.ts';
import type { QuickContext } from './QuickContext.ts';
import { showStatusLine } from './statusline/show-status-line.ts';

/**
 * Runs `teelamma statusline` and `teelamma hook`, which Claude Code does with every message, without loading what reads command lines: that
 * is a third of a start. False where one is called in any other way, help included; then nothing was done.
 */
export async function runQuickly(process: NodeJS.Process): Promise<boolean> {
  const [command = '', ...flags] = process.argv.slice(2);
  const isQuick = command === 'statusline' || command === 'hook';
  if (!isQuick || flags.some((flag) => flag !== '--no-color')) return false;
  const context = quickContext(process);
  if (command === 'hook') await runHook(context);
  else await showStatusLine(context, flags.length === 0);
  return true;
}

function quickContext(process: NodeJS.Process): QuickContext {
  return {
    environment: process.env,
    get stdin() {
      return process.stdin;
    },
    nowMs: Date.now,
    stdout: { write: (text) => writeAtOnce(1, text, () => process.stdout) },
    stderr: { write: (text) => writeAtOnce(2, text, () => process.stderr) },
    isTerminal: {
      get stdin() {
        return process.stdin.isTTY === true;
      },
    },
  };
}

/** One line goes into a pipe at once; making the stream of it takes an eighth of a start. Without a word where the reader has gone. */
function writeAtOnce(descriptor: number, text: string, stream: () => NodeJS.WriteStream): void {
  try {
    writeFileSync(descriptor, text);
  } catch (error) {
    const code = codeOf(error);
    // A pipe that is full and does not block.
    if (code === 'EAGAIN') stream().write(text);
    else if (code !== 'EPIPE') throw error;
  }
}
