import type { Command, Option } from 'commander';

export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** The words that may stand where the last of `typed` is being typed; none where it is a file or free text. */
export function candidates(program: Command, typed: readonly string[]): Candidate[] {
  const current = typed.at(-1) ?? '';
  const { command, operands, awaiting } = follow(program, typed.slice(0, -1));
  const all = awaiting ? choicesOf(awaiting.argChoices) : suggestions(command, operands, current);
  return all.filter(({ word }) => word.startsWith(current));
}

interface Position {
  readonly command: Command;
  /** Words that are neither commands nor options. */
  readonly operands: number;
  /** The option whose value comes next. */
  readonly awaiting: Option | undefined;
}

function follow(program: Command, words: readonly string[]): Position {
  let command = program;
  let operands = 0;
  let awaiting: Option | undefined;
  for (const word of words) {
    if (awaiting) awaiting = undefined;
    else if (word.startsWith('-')) awaiting = valueOption(command, word);
    else {
      const next = operands === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (next) command = next;
      else operands += 1;
    }
  }
  return { command, operands, awaiting };
}

function valueOption(command: Command, word: string): Option | undefined {
  const option = command.options.find((each) => each.long === word || each.short === word);
  return option && (option.required || option.optional) ? option : undefined;
}

function suggestions(command: Command, operands: number, current: string): Candidate[] {
  const help = command.createHelp();
  help.showGlobalOptions = true;
  if (current.startsWith('-')) {
    const options = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
    return options.flatMap(({ long, description }) => (long ? [{ word: long, description }] : []));
  }
  const subcommands = operands === 0 ? help.visibleCommands(command) : [];
  return [
    ...subcommands.map((each) => ({ word: each.name(), description: each.description() })),
    ...choicesOf(command.registeredArguments[operands]?.argChoices),
  ];
}

function choicesOf(choices: readonly string[] | undefined): Candidate[] {
  return (choices ?? []).map((word) => ({ word, description: '' }));
}
