import { createInterface } from 'node:readline/promises';
import { AbortedError } from '../errors.ts';
import type { CliContext } from './CliContext.ts';

/**
 * Asks on the terminal; only `y` and `yes` are a yes.
 * @throws AbortedError where the user ends the dialogue without an answer.
 */
export async function confirm(context: CliContext, question: string): Promise<boolean> {
  const dialogue = createInterface({ input: context.stdin, output: context.stderr });
  let isAnswered = false;
  dialogue.on('SIGINT', () => dialogue.close());
  try {
    const closed = new Promise<never>((_resolve, reject) => {
      dialogue.once('close', () => {
        // The question stands on the line still.
        if (!isAnswered) context.stderr.write('\n');
        reject(new AbortedError('no answer was given'));
      });
    });
    const answer = await Promise.race([dialogue.question(question), closed]);
    isAnswered = true;
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    dialogue.close();
  }
}
