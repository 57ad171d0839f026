import { compileGlob, type GlobMatch } from './glob.ts';

/** Rules as a `.gitignore` has them, one after the other; the last one that matches counts. */
export interface PathRules {
  /**
   * The rule that counts for a path below the folder that the rules are for, by what it names itself: whoever walks has looked at the
   * folders above it already. Null where none matches.
   */
  readonly verdict: (path: string, isFolder: boolean) => 'plain' | 'negated' | null;
}

export interface PathRule {
  readonly isNegated: boolean;
  readonly isForFolders: boolean;
  /** Matches names at any depth, not paths. */
  readonly isName: boolean;
  readonly matches: GlobMatch;
}

/** The rules of the lines of an ignore file, by git's own reading (gitignore(5)); a line that is no glob matches nothing. */
export function ignoreRules(text: string): PathRules {
  return asRules(
    text
      .replace(/^\ufeff/, '')
      .split(/\r?\n/)
      .flatMap((line) => ruleOf(line) ?? []),
  );
}

export function asRules(rules: readonly PathRule[]): PathRules {
  const lastFirst = rules.toReversed();
  return {
    verdict: (path, isFolder) => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      const found = lastFirst.find(
        (rule) => (isFolder || !rule.isForFolders) && rule.matches(rule.isName ? name : path),
      );
      if (found === undefined) return null;
      return found.isNegated ? 'negated' : 'plain';
    },
  };
}

function ruleOf(line: string): PathRule | null {
  if (line.startsWith('#')) return null;
  return parseRule(withoutSpacesAtEnd(line), { braces: false });
}

/** One rule; null for what is none. `braces`: whether `{a,b}` are alternatives, as on ripgrep's command line. */
export function parseRule(text: string, { braces }: { readonly braces: boolean }): PathRule | null {
  const isNegated = text.startsWith('!');
  const given = isNegated ? text.slice(1) : text;
  const isForFolders = given.endsWith('/');
  const glob = isForFolders ? given.slice(0, -1) : given;
  const isName = !glob.includes('/');
  const matches = glob === '' ? null : compileGlob(glob.replace(/^\//, ''), { braces });
  return matches && { isNegated, isForFolders, isName, matches };
}

/** Spaces at the end do not count unless a backslash stands before them. */
function withoutSpacesAtEnd(line: string): string {
  let end = line.length;
  while (line[end - 1] === ' ' && line[end - 2] !== '\\') end -= 1;
  return line.slice(0, end);
}
