import { RE2JS } from 're2js';
import { Refusal } from './Refusal.ts';

const longestGlob = 500;

/** Whether paths of the workspace match a list of globs. */
export type PathFilter = (path: string) => boolean;

/**
 * Globs as ripgrep's `-g` takes them: `*`, `?`, `[a-z]`, `{a,b}`, `**`; one without `/` matches at any depth, one that begins with `!`
 * leaves out. A path must match one of those that let in, if there are any. Matching takes time linear in the path, whatever the glob.
 */
export function compileGlobs(globs: readonly string[]): PathFilter | Refusal {
  const lettingIn: RE2JS[] = [];
  const leavingOut: RE2JS[] = [];
  for (const glob of globs) {
    const isNegated = glob.startsWith('!');
    const compiled = compileGlob(isNegated ? glob.slice(1) : glob);
    if (compiled instanceof Refusal) return compiled;
    (isNegated ? leavingOut : lettingIn).push(compiled);
  }
  return (path) =>
    (lettingIn.length === 0 || lettingIn.some((each) => each.matches(path))) &&
    !leavingOut.some((each) => each.matches(path));
}

function compileGlob(glob: string): RE2JS | Refusal {
  const written = JSON.stringify(glob.slice(0, 80));
  if (glob.length > longestGlob)
    return new Refusal(`The glob ${written} is too long. Give at most ${longestGlob} characters.`);
  const plain = glob.replace(/^(\.?\/)+/, '');
  const anchored = plain.includes('/') || plain !== glob ? plain : `**/${plain}`;
  const pattern = translate(anchored.endsWith('/') ? `${anchored}**` : anchored);
  if (pattern === null)
    return new Refusal(
      `The glob ${written} has a bracket that is not closed. Close it, or write it as [[] or \\{.`,
    );
  try {
    return RE2JS.compile(pattern);
  } catch {
    return new Refusal(`The glob ${written} is not valid. Use *, ?, [a-z], {a,b} and **.`);
  }
}

/** As a regular expression; null where a bracket stays open. */
function translate(glob: string): string | null {
  let pattern = '';
  let openBraces = 0;
  for (let at = 0; at < glob.length; at += 1) {
    const character = glob[at] ?? '';
    if (glob.startsWith('**/', at) && (at === 0 || glob[at - 1] === '/')) {
      pattern += '(?:.*/)?';
      at += 2;
    } else if (glob.startsWith('**', at)) {
      pattern += '.*';
      at += 1;
    } else if (character === '*') pattern += '[^/]*';
    else if (character === '?') pattern += '[^/]';
    else if (character === '[') {
      const set = /^\[([!^]?)(\]?[^\]/]*)\]/.exec(glob.slice(at));
      if (!set) return null;
      pattern += `[${set[1] ? '^/' : ''}${(set[2] ?? '').replace(/[\\\][^&~]/g, '\\$&')}]`;
      at += set[0].length - 1;
    } else if (character === '{') {
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
  return openBraces > 0 ? null : `(?s)${pattern}`;
}
