import { stripTypeScriptTypes } from 'node:module';
import { nodeHarness, pythonHarness } from './example-harness.ts';
import type { Example } from './extract-examples.ts';
import { toJson } from './read-literal.ts';

export type ExampleLanguage = 'python' | 'javascript' | 'typescript';

/** A program that calls functions with the arguments of examples and writes what came of each. */
export interface ExampleProgram {
  readonly argv: readonly [string, ...string[]];
  /** What the program reads from its input: it holds everything, so that nothing need be written anywhere. */
  readonly input: string;
}

/** The language of a code block's label; undefined where examples of it are not run. */
export function exampleLanguage(label: string): ExampleLanguage | undefined {
  if (/^(?:python|py|python3|py3)$/.test(label)) return 'python';
  if (/^(?:javascript|js|mjs|cjs|node)$/.test(label)) return 'javascript';
  return /^(?:typescript|ts|mts|cts)$/.test(label) ? 'typescript' : undefined;
}

/** The functions that a code defines at its top level and that can be called as they are. */
export function definedFunctions(code: string, language: ExampleLanguage): readonly string[] {
  const pattern =
    language === 'python'
      ? /^def ([A-Za-z_]\w*)\(/gm
      : /^(?:export )?(?:default )?(?:async )?(?:function ([A-Za-z_$][\w$]*)|(?:const|let|var) ([A-Za-z_$][\w$]*)(?::[^=\n]*)? = (?:async )?(?:function\b|\(|[A-Za-z_$][\w$]*\s*=>|<))/gm;
  return [...new Set([...code.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? ''))];
}

/**
 * Makes the program for code by itself. Each result is a line of its own that begins with `mark`, which the code cannot know beforehand.
 * @returns null where the code cannot be run as it is (TypeScript with more than types to take away).
 */
export function exampleProgram(
  code: string,
  language: ExampleLanguage,
  examples: readonly Example[],
  mark: string,
): ExampleProgram | null {
  const calls = callsOf(examples);
  if (language === 'python')
    return { argv: ['python3', '-I', '-c', pythonHarness], input: JSON.stringify({ code, calls, mark }) };
  const plain = language === 'typescript' ? withoutTypes(code) : code;
  if (plain === null) return null;
  const isModule = /^\s*(?:import|export)\b/m.test(plain);
  const input = JSON.stringify({ code: plain, isModule, names: namesOf(calls), calls, mark });
  return { argv: ['node', '--input-type=module', '-e', nodeHarness], input };
}

/** The same for a file of a project, relative to the folder that the program is started in; `python`: the project's own, or the machine's. */
export function fileExampleProgram(
  { file, language, python }: { file: string; language: ExampleLanguage; python: string },
  examples: readonly Example[],
  mark: string,
): ExampleProgram {
  const calls = callsOf(examples);
  const input = JSON.stringify({ file, names: namesOf(calls), calls, mark });
  return language === 'python'
    ? { argv: [python, '-B', '-c', pythonHarness], input }
    : { argv: ['node', '--input-type=module', '-e', nodeHarness], input };
}

interface Call {
  readonly name: string;
  readonly arguments: readonly unknown[];
}

function callsOf(examples: readonly Example[]): readonly Call[] {
  return examples.map((example) => ({
    name: example.functionName,
    arguments: example.arguments.map(toJson),
  }));
}

function namesOf(calls: readonly Call[]): readonly string[] {
  return [...new Set(calls.map(({ name }) => name))];
}

function withoutTypes(code: string): string | null {
  try {
    return stripTypeScriptTypes(code);
  } catch {
    return null;
  }
}
