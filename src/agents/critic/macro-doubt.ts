/**
 * Whether a fault in C or C++ may come from a macro: tree-sitter parses what the preprocessor would first rewrite, so
 * `NODE_MODULE(name, init)` without a semicolon or `API_EXPORT int f(void);` looks broken. True where a line with a fault holds a
 * word that looks like a macro and all brackets of the block match; brackets that do not match are an error with or without macros.
 */
export function mayBeMacro(code: string, faultLines: readonly number[]): boolean {
  const lines = code.split('\n');
  return faultLines.some((line) => macroWord.test(lines[line] ?? '')) && hasMatchingBrackets(code);
}

/** A word in capitals with an underscore or before a parenthesis, a reserved name, or a directive amid an expression. */
const macroWord = /\b_*[A-Z][A-Z0-9]*_[A-Z0-9_]*\b|\b[A-Z][A-Z0-9]{2,}\s*\(|\b__\w+|^\s*#/;

/** Whether every bracket outside of strings and comments has its partner, as far as C and what was made like it go. */
export function hasMatchingBrackets(code: string): boolean {
  const open: string[] = [];
  const bare = code.replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'|\/\/.*|\/\*[\s\S]*?\*\//g, '');
  for (const bracket of bare.match(/[()[\]{}]/g) ?? []) {
    const partner = partners.get(bracket);
    if (partner === undefined) open.push(bracket);
    else if (open.pop() !== partner) return false;
  }
  return open.length === 0;
}

const partners: ReadonlyMap<string, string> = new Map([
  [')', '('],
  [']', '['],
  ['}', '{'],
]);
