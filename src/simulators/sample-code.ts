/** Languages that the built-in answers write; each sample parses in its language. */
export type SampleLanguage =
  | 'typescript'
  | 'javascript'
  | 'python'
  | 'json'
  | 'go'
  | 'rust'
  | 'java'
  | 'c'
  | 'bash';

/** First match counts, so names that contain others come first. */
const languageWords: readonly (readonly [RegExp, SampleLanguage])[] = [
  [/\btypescript\b|\bts\b/i, 'typescript'],
  [/\bjavascript\b|\bnode(?:\.js)?\b|\bjs\b/i, 'javascript'],
  [/\bpython\b|\bpy\b|\bdjango\b|\bflask\b/i, 'python'],
  [/\brust\b|\bcargo\b/i, 'rust'],
  [/\bgolang\b|\bin go\b|\bgo (?:function|program|code|package)\b/i, 'go'],
  [/\bjava\b/i, 'java'],
  [/\bin c\b|\bc (?:function|program|code)\b/i, 'c'],
  [/\bbash\b|\bshell\b/i, 'bash'],
  [/\bjson\b/i, 'json'],
];

/** The language that a prompt asks for; TypeScript where it names none. */
export function languageOf(prompt: string): SampleLanguage {
  return languageWords.find(([pattern]) => pattern.test(prompt))?.[1] ?? 'typescript';
}

/** Code in this language, without the fence. `words` name its function; at least one, lower-case ASCII letters. */
export function sampleCode(language: SampleLanguage, words: readonly string[]): string {
  const { head, body, tail } = samples[language](words);
  return [...head, ...body, ...tail].join('\n');
}

/** The same code with its body replaced by a comment that says so, as models do to save work. Parses, but for JSON. */
export function elidedCode(language: SampleLanguage, words: readonly string[]): string {
  const { head, tail } = samples[language](words);
  const comment = language === 'python' || language === 'bash' ? '#' : '//';
  return [...head, `    ${comment} ... rest of the code here`, ...tail].join('\n');
}

/** The same code with an error that no parser of the language accepts: brackets that are never closed. */
export function brokenCode(language: SampleLanguage, words: readonly string[]): string {
  const { head, body } = samples[language](words);
  return [...head, '    ((]', ...body].join('\n');
}

interface Sample {
  readonly head: readonly string[];
  readonly body: readonly string[];
  readonly tail: readonly string[];
}

const samples: Readonly<Record<SampleLanguage, (words: readonly string[]) => Sample>> = {
  typescript: (words) => ({
    head: [`export function ${camel(words)}(values: readonly string[]): string[] {`],
    body: [
      '  const seen = new Set<string>();',
      '  for (const value of values) {',
      '    const trimmed = value.trim();',
      "    if (trimmed !== '') seen.add(trimmed);",
      '  }',
      '  return [...seen].sort();',
    ],
    tail: ['}'],
  }),
  javascript: (words) => ({
    head: [`export function ${camel(words)}(values) {`],
    body: [
      '  const seen = new Set();',
      '  for (const value of values) {',
      '    const trimmed = String(value).trim();',
      "    if (trimmed !== '') seen.add(trimmed);",
      '  }',
      '  return [...seen].sort();',
    ],
    tail: ['}'],
  }),
  python: (words) => ({
    head: [`def ${snake(words)}(values: list[str]) -> list[str]:`, '    seen = set()'],
    body: [
      '    for value in values:',
      '        trimmed = value.strip()',
      '        if trimmed:',
      '            seen.add(trimmed)',
    ],
    tail: ['    return sorted(seen)'],
  }),
  go: (words) => ({
    head: [
      'package main',
      '',
      'import (',
      '\t"sort"',
      '\t"strings"',
      ')',
      '',
      `func ${camel(words)}(values []string) []string {`,
    ],
    body: [
      '\tseen := map[string]bool{}',
      '\tresult := []string{}',
      '\tfor _, value := range values {',
      '\t\ttrimmed := strings.TrimSpace(value)',
      '\t\tif trimmed != "" && !seen[trimmed] {',
      '\t\t\tseen[trimmed] = true',
      '\t\t\tresult = append(result, trimmed)',
      '\t\t}',
      '\t}',
      '\tsort.Strings(result)',
      '\treturn result',
    ],
    tail: ['}'],
  }),
  rust: (words) => ({
    head: [`pub fn ${snake(words)}(values: &[&str]) -> Vec<String> {`],
    body: [
      '    let mut result: Vec<String> = values',
      '        .iter()',
      '        .map(|value| value.trim().to_string())',
      '        .filter(|value| !value.is_empty())',
      '        .collect();',
      '    result.sort();',
      '    result.dedup();',
      '    result',
    ],
    tail: ['}'],
  }),
  java: (words) => ({
    head: [
      `class ${pascal(words)} {`,
      `  static java.util.List<String> ${camel(words)}(java.util.List<String> values) {`,
    ],
    body: [
      '    java.util.TreeSet<String> seen = new java.util.TreeSet<>();',
      '    for (String value : values) {',
      '      String trimmed = value.trim();',
      '      if (!trimmed.isEmpty()) {',
      '        seen.add(trimmed);',
      '      }',
      '    }',
      '    return new java.util.ArrayList<>(seen);',
    ],
    tail: ['  }', '}'],
  }),
  c: (words) => ({
    head: ['#include <stddef.h>', '', `size_t ${snake(words)}(const char *const *values, size_t count) {`],
    body: [
      '  size_t used = 0;',
      '  for (size_t i = 0; i < count; i++) {',
      "    if (values[i] != NULL && values[i][0] != '\\0') {",
      '      used++;',
      '    }',
      '  }',
      '  return used;',
    ],
    tail: ['}'],
  }),
  bash: (words) => ({
    head: [`${snake(words)}() {`, '  local value'],
    body: [
      '  for value in "$@"; do',
      '    if [ -n "$value" ]; then',
      '      printf \'%s\\n\' "$value"',
      '    fi',
      '  done | sort -u',
    ],
    tail: ['}'],
  }),
  json: (words) => ({
    head: ['{'],
    body: [`  "name": "${words.join('-')}",`, '  "enabled": true,', '  "limits": [1, 2, 3]'],
    tail: ['}'],
  }),
};

function camel(words: readonly string[]): string {
  return words.map((word, index) => (index === 0 ? word : capital(word))).join('');
}

function pascal(words: readonly string[]): string {
  return words.map(capital).join('');
}

function snake(words: readonly string[]): string {
  return words.join('_');
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
