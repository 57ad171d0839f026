import { createInterface } from 'node:readline/promises';
import { AbortedError } from '../errors.ts';
import type { CliContext } from './CliContext.ts';

/**
 * Asks on the terminal; only `y` and `yes` are a yes.
 * @throws AbortedError where the user ends the dialogue without an answer.
 */
export async function confirm(context: CliContext, question: string): Promise<boolean> {
  const dialogue = createInterface({ input: context.stdin, output: context.stderr });
  dialogue.on('SIGINT', () => {
    context.stderr.write('\n');
    dialogue.close();
  });
  try {
    const closed = new Promise<never>((_resolve, reject) => {
      dialogue.once('close', () => reject(new AbortedError('no answer was given')));
    });
    const answer = await Promise.race([dialogue.question(question), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    dialogue.close();
  }
}
