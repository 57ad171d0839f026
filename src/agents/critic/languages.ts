import type { GrammarName } from './grammars.ts';
import { mayBeMacro } from './macro-doubt.ts';

/** One way to read a code block: a grammar, and what is put around the code, without a line break before it. */
export interface Reading {
  readonly grammar: GrammarName;
  readonly before: string;
  readonly after: string;
  /** What the code must hold for this reading to make sense: markup outside of its tags is free text and would always parse. */
  readonly onlyIf?: RegExp;
}

/** A language that the critic can parse. */
export interface LanguageRules {
  /**
   * Tried in order until one parses: the code as a whole file first, then as the fragments that answers are full of (a method
   * without its class, the fields of an object, statements without their function).
   */
  readonly readings: readonly Reading[];
  /** Rewrites what is not code but customary in answers, line for line, so that line numbers hold; tried after the readings. */
  readonly normalize?: (code: string) => string;
  /** Mends what is broken only because an ellipsis was taken out; in place of `normalize`. */
  readonly fillGaps?: (code: string) => string;
  /** Why faults at these lines (0-based) may be the grammar's and not the code's; they are only warnings then. */
  readonly doubt?: (code: string, faultLines: readonly number[]) => string | undefined;
}

/** The rules for a block's label; undefined for a language that is not checked, and for text, output and diffs. */
export function rulesFor(label: string): LanguageRules | undefined {
  const name = aliases.get(label);
  return name === undefined ? undefined : languages[name];
}

function as(grammar: GrammarName, before = '', after = ''): Reading {
  return { grammar, before, after };
}

const beginsWithTag = /^\s*</;

const javascript = (grammar: GrammarName): readonly Reading[] => [
  as(grammar),
  as(grammar, 'class X {', '\n}'),
  as(grammar, 'async function* f() {', '\n}'),
  as(grammar, '({', '\n})'),
];

const languages = {
  javascript: {
    readings: [...javascript('javascript'), { ...as('javascript', '<>', '\n</>'), onlyIf: beginsWithTag }],
  },
  typescript: {
    readings: [
      ...javascript('typescript'),
      as('typescript', 'interface X {', '\n}'),
      as('typescript', 'declare module "x" {', '\n}'),
      // A block labelled ts may hold JSX; the other way round a type assertion `<T>x` parses only as ts.
      ...javascript('tsx'),
      { ...as('tsx', '<>', '\n</>'), onlyIf: beginsWithTag },
    ],
  },
  python: { readings: [as('python')], normalize: normalizePython },
  json: {
    readings: [as('json'), as('json', '{', '\n}'), as('json', '[', '\n]')],
    fillGaps: dropTrailingCommas,
  },
  // Comments are in the grammar; commas before a closing bracket are not.
  jsonc: {
    readings: [as('json'), as('json', '{', '\n}'), as('json', '[', '\n]')],
    normalize: dropTrailingCommas,
  },
  // JSON5 is a subset of ECMAScript expressions (https://spec.json5.org).
  json5: { readings: [as('javascript', '(', '\n)'), as('javascript', '({', '\n})')] },
  go: {
    readings: [
      as('go'),
      as('go', 'func _() {', '\n}'),
      as('go', 'type _ struct {', '\n}'),
      as('go', 'type _ interface {', '\n}'),
    ],
  },
  rust: {
    readings: [
      as('rust'),
      as('rust', '', '\n;'),
      as('rust', 'fn f() {', '\n}'),
      as('rust', 'impl X {', '\n}'),
      as('rust', 'struct X {', '\n}'),
      as('rust', 'fn f() { match x {', '\n} }'),
    ],
  },
  java: {
    readings: [
      as('java'),
      as('java', 'class X {', '\n}'),
      as('java', 'class X { void f() {', '\n} }'),
      as('java', 'interface X {', '\n;}'),
    ],
  },
  c: {
    readings: [as('c'), as('c', '', '\n;'), as('c', 'void f(void) {', '\n}'), as('c', 'struct x {', '\n};')],
    doubt: doubtMacros,
  },
  // A header may be C or C++.
  header: { readings: [as('c'), as('cpp')], doubt: doubtMacros },
  cpp: {
    readings: [
      as('cpp'),
      as('cpp', '', '\n;'),
      as('cpp', 'void f() {', '\n}'),
      as('cpp', 'class X {', '\n};'),
    ],
    doubt: doubtMacros,
  },
  csharp: {
    readings: [
      as('c-sharp'),
      as('c-sharp', 'class X {', '\n}'),
      as('c-sharp', 'class X { void F() {', '\n} }'),
    ],
  },
  css: { readings: [as('css'), as('css', 'x {', '\n}')] },
  php: {
    readings: [as('php', '<?php '), { ...as('php'), onlyIf: /<\?/ }, as('php', '<?php class X {', '\n}')],
  },
  ruby: { readings: [as('ruby')] },
  shell: { readings: [as('bash')], normalize: normalizeShell },
  zsh: {
    readings: [as('bash')],
    normalize: normalizeShell,
    doubt: () => 'zsh is read with the grammar of bash',
  },
} as const satisfies Record<string, LanguageRules>;

const aliases: ReadonlyMap<string, keyof typeof languages> = new Map(
  (
    [
      ['javascript', 'javascript js jsx mjs cjs node'],
      ['typescript', 'typescript ts tsx mts cts'],
      ['python', 'python py python3 py3 pyi'],
      ['json', 'json'],
      ['jsonc', 'jsonc json-with-comments'],
      ['json5', 'json5'],
      ['go', 'go golang'],
      ['rust', 'rust rs'],
      ['java', 'java'],
      ['c', 'c'],
      ['header', 'h'],
      ['cpp', 'cpp c++ cc cxx hpp hh'],
      ['csharp', 'csharp cs c#'],
      ['css', 'css'],
      ['php', 'php'],
      ['ruby', 'ruby rb'],
      ['shell', 'shell sh bash'],
      ['zsh', 'zsh'],
    ] as const
  ).flatMap(([name, labels]) => labels.split(' ').map((label) => [label, name] as const)),
);

function doubtMacros(code: string, faultLines: readonly number[]): string | undefined {
  return mayBeMacro(code, faultLines) ? 'macros are not expanded' : undefined;
}

/** Reads interpreter sessions (`>>> `) as their input, and blanks notebook magics (`%pip`, `!ls`). */
function normalizePython(code: string): string {
  const lines = code.split('\n');
  const isSession = lines.some((line) => /^\s*>>>(?: |$)/.test(line));
  return lines
    .map((line) => {
      if (isSession) return /^\s*(?:>>>|\.\.\.)(?: (.*))?$/.exec(line)?.[1] ?? '';
      return /^\s*(?:%%?[a-z]|![\w./])/.test(line) ? '' : line;
    })
    .join('\n');
}

/** Keeps strings and comments as they are. */
function dropTrailingCommas(code: string): string {
  return code.replace(
    /("(?:\\.|[^"\\\n])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|,(?=(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*[}\]])/g,
    (_, kept: string | undefined) => kept ?? ' ',
  );
}

/** Reads `<name>` as a word, as in usage lines; where lines begin with the prompt `$ `, only these and their continuations are code. */
function normalizeShell(code: string): string {
  const lines = code.split('\n');
  const isSession = lines.some((line) => /^\s*\$ /.test(line));
  let isContinued = false;
  return lines
    .map((line) => {
      const command = isSession && !isContinued ? (/^\s*\$ (.*)$/.exec(line)?.[1] ?? '') : line;
      isContinued = command.endsWith('\\');
      return command.replace(/(?<!<)<([a-zA-Z][\w .:/|-]*)>/g, (_, name: string) =>
        name.replace(/[^\w]/g, '_'),
      );
    })
    .join('\n');
}
