import { Command, Help, type Option } from 'commander';
import { version } from '../version.ts';
import { type CliContext, columnsOf } from './CliContext.ts';
import { commandLoaders } from './command-loaders.ts';

const epilogue = `
Exit codes:
  0    done
  1    unexpected error
  2    bad usage, input or configuration
  3    neither Claude nor Ollama could do the task
  4    an answer was given, but the critic does not approve it
  5    the ledger or another file of state cannot be used
  6    Claude was forced, and the budget does not allow it
  7    the critic approves it, but it was not applied, undone or committed
  130  interrupted

Examples:
  $ teelamma run "Explain what a mutex is"
  $ git diff | teelamma run --agent claude -
  $ teelamma run --workspace . "Add input validation to auth.ts"
  $ teelamma route "Refactor the session store"
  $ teelamma budget set 2M --window 5h

Files are kept in ~/.teelamma, or where TEELAMMA_HOME says.`;

/**
 * The command line as commander knows it. Only the command that is called is loaded; help, completion and typing errors need all of
 * them.
 */
export async function createProgram(context: CliContext, commandLine: readonly string[]): Promise<Command> {
  const program = new Command('teelamma')
    .description('A hard token budget for Claude, with Ollama as the safety net')
    .version(version, '-V, --version', 'show the version')
    .option('--no-color', 'no colours (as NO_COLOR does)')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .addHelpText('after', epilogue)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      // `runCli` reports errors, so that they can be JSON.
      outputError: () => undefined,
      getOutHelpWidth: () => columnsOf(context.stdout),
      getErrHelpWidth: () => columnsOf(context.stderr),
      getOutHasColors: () => context.style.enabled,
      getErrHasColors: () => context.errorStyle.enabled,
    })
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions: otherGlobalOptions,
      styleTitle: (title) => context.style.bold(title),
    });
  const called = commandLine.find((argument) => !argument.startsWith('-'));
  const loader = called === undefined ? undefined : commandLoaders.get(called);
  if (loader) {
    (await loader())(program, context);
    return program;
  }
  for (const load of commandLoaders.values()) (await load())(program, context);
  const { registerCompletion } = await import('./commands/completion.ts');
  registerCompletion(program, context);
  return program;
}

/** Options of the commands above this one, without those that it lists itself (`--json` may stand before or after a subcommand). */
function otherGlobalOptions(command: Command): Option[] {
  const help = new Help();
  help.showGlobalOptions = true;
  const own = new Set(command.options.map(({ long }) => long));
  return help.visibleGlobalOptions(command).filter(({ long }) => !own.has(long));
}
