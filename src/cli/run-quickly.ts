import { createContext } from './create-context.ts';
import { endQuietlyOnClosedPipe } from './process-manners.ts';

/**
 * Runs `teelamma statusline`, which Claude Code does after every message, without loading what reads command lines: that is a third of a
 * start. False where it is called in any other way, help included; then nothing was done.
 */
export async function runQuickly(process: NodeJS.Process): Promise<boolean> {
  const [command = '', ...flags] = process.argv.slice(2);
  if (command !== 'statusline' || flags.some((flag) => flag !== '--no-color')) return false;
  const context = createContext(process, { hasNoColorFlag: flags.length > 0 });
  endQuietlyOnClosedPipe(process);
  const { showStatusLine } = await import('./statusline/show-status-line.ts');
  await showStatusLine(context, flags.length === 0);
  return true;
}
