import { Argument, type Command } from 'commander';
import type { CliContext } from '../CliContext.ts';
import { candidates } from '../completion/candidates.ts';
import { completionScripts, type Shell } from '../completion/completion-scripts.ts';
import { writeLine } from '../output.ts';

/**
 * `teelamma completion <shell>` prints a script for a shell, and the hidden `complete` gives that script the words that may stand next.
 * Not by @bomb.sh/tab: its scripts `eval` the line that is being typed, so that pressing Tab after a task such as "explain $(rm x)"
 * would run what stands in it, and its bash script needs the package bash-completion. Every other command must be registered before.
 */
export function registerCompletion(program: Command, context: CliContext): void {
  const shells = Object.keys(completionScripts) as Shell[];
  program
    .command('completion')
    .description('print a script that completes words: source <(teelamma completion bash)')
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .action((shell: Shell) => writeLine(context, completionScripts[shell]));
  program
    .command('complete', { hidden: true })
    .description('list the words that may stand next')
    .argument('[words...]', 'what is typed so far')
    .option('--next', 'a new word begins')
    .action((words: string[], options: { readonly next?: boolean }) => {
      const typed = options.next ? [...words, ''] : words;
      for (const { word, description } of candidates(program, typed)) {
        writeLine(context, `${word}\t${description}`);
      }
    });
}
