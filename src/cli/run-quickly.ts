import { createContext } from './create-context.ts';
import { endQuietlyOnClosedPipe } from './process-manners.ts';

/**
 * Runs `teelamma statusline` and `teelamma hook`, which Claude Code does with every message, without loading what reads command lines: that
 * is a third of a start. False where one is called in any other way, help included; then nothing was done.
 */
export async function runQuickly(process: NodeJS.Process): Promise<boolean> {
  const [command = '', ...flags] = process.argv.slice(2);
  const isQuick = command === 'statusline' || command === 'hook';
  if (!isQuick || flags.some((flag) => flag !== '--no-color')) return false;
  const context = createContext(process, { hasNoColorFlag: flags.length > 0 });
  endQuietlyOnClosedPipe(process);
  if (command === 'hook') {
    const { runHook } = await import('./hook/run-hook.ts');
    await runHook(context);
  } else {
    const { showStatusLine } = await import('./statusline/show-status-line.ts');
    await showStatusLine(context, flags.length === 0);
  }
  return true;
}
