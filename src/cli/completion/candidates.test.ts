import { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { candidates } from './candidates.ts';

describe('candidates', () => {
  it.each([
    [['b'], ['budget']],
    [['budget', ''], ['set']],
    [['budget', 's'], ['set']],
    [['run', '--a'], ['--agent']],
    [
      ['run', '--agent', ''],
      ['claude', 'ollama'],
    ],
    [['run', '--agent', 'c'], ['claude']],
    [['run', '--agent', 'claude', '--f'], ['--file']],
    [['run', '--file', ''], []],
    [['run', 'budget', ''], []],
    [['run', 'some words', 'b'], []],
    [
      ['shell', ''],
      ['bash', 'zsh'],
    ],
    [['run', '--no'], ['--no-color']],
  ])('after %j are %j', (typed, words) => {
    expect(candidates(program(), typed).map(({ word }) => word)).toEqual(words);
  });
});

function program(): Command {
  const root = new Command('teelamma').option('--no-color').helpCommand(false);
  root
    .command('run')
    .argument('[task...]')
    .option('-f, --file <file>')
    .addOption(new Option('--agent <agent>').choices(['claude', 'ollama']));
  root.command('budget').helpCommand(false).command('set');
  root.command('shell').addArgument(root.createArgument('<shell>').choices(['bash', 'zsh']));
  return root;
}
