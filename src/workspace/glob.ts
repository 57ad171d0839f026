import { RE2JS } from 're2js';

/** Whether a path, relative to where the glob counts from, is what a glob names. */
export type GlobMatch = (path: string) => boolean;

/**
 * A glob as ripgrep and git read it, for whole paths: `*`, `?`, `[a-z]`, `**`, and, where asked for, `{a,b}`. Matching takes time linear in
 * the path, whatever the glob. Null for one that is no glob (a bracket that is not closed).
 */
export function compileGlob(glob: string, { braces }: { readonly braces: boolean }): GlobMatch | null {
  // Most globs that are written are a name, or an ending.
  if (!/[*?[{\\]/.test(glob)) return (path) => path === glob;
  const pattern = translate(glob, braces);
  if (pattern === null) return null;
  try {
    const compiled = RE2JS.compile(`(?s)${pattern}`);
    return (path) => compiled.matches(path);
  } catch {
    return null;
  }
}

/** As a regular expression; null where a bracket stays open. */
function translate(glob: string, braces: boolean): string | null {
  let pattern = '';
  let openBraces = 0;
  for (let at = 0; at < glob.length; at += 1) {
    const character = glob[at] ?? '';
    const isWholePart = at === 0 || glob[at - 1] === '/';
    if (isWholePart && glob.startsWith('**/', at)) {
      pattern += '(?:.*/)?';
      at += 2;
    } else if (isWholePart && glob.slice(at) === '**') {
      pattern += '.*';
      at += 1;
    } else if (character === '*') pattern += '[^/]*';
    else if (character === '?') pattern += '[^/]';
    else if (character === '[') {
      const set = /^\[([!^]?)(\]?[^\]/]*)\]/.exec(glob.slice(at));
      if (!set) return null;
      pattern += `[${set[1] ? '^/' : ''}${(set[2] ?? '').replace(/[\\\][^&~]/g, '\\$&')}]`;
      at += set[0].length - 1;
    } else if (braces && character === '{') {
      openBraces += 1;
      pattern += '(?:';
    } else if (character === '}' && openBraces > 0) {
      openBraces -= 1;
      pattern += ')';
    } else if (character === ',' && openBraces > 0) pattern += '|';
    else if (character === '\\') {
      at += 1;
      pattern += RE2JS.quote(glob[at] ?? '\\');
    } else pattern += RE2JS.quote(character);
  }
  return openBraces > 0 ? null : pattern;
}
