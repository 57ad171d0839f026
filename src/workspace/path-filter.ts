import { asRules, type PathRule, parseRule } from './path-rules.ts';
import { Refusal } from './Refusal.ts';

/** Whether a list of globs lets a path through. A folder is not let through where nothing below it can be. */
export type PathFilter = (path: string, isFolder: boolean) => boolean;

const longestGlob = 500;

/**
 * Globs as ripgrep's `-g` takes them: `*`, `?`, `[a-z]`, `{a,b}`, `**`; one without `/` matches at any depth, one that begins with `!`
 * leaves out, a folder with all that is in it; the last one that matches counts. A file must match one of those that let in, if there are any.
 */
export function compileGlobs(globs: readonly string[]): PathFilter | Refusal {
  const rules: PathRule[] = [];
  for (const glob of globs) {
    const rule = compileGlobRule(glob);
    if (rule instanceof Refusal) return rule;
    rules.push(rule);
  }
  const { verdict } = asRules(rules);
  const hasLettingIn = rules.some(({ isNegated }) => !isNegated);
  return (path, isFolder) => {
    const found = verdict(path, isFolder);
    return found === null ? isFolder || !hasLettingIn : found === 'plain';
  };
}

function compileGlobRule(glob: string): PathRule | Refusal {
  const written = JSON.stringify(glob.slice(0, 80));
  if (glob.length > longestGlob)
    return new Refusal(`The glob ${written} is too long. Give at most ${longestGlob} characters.`);
  const rooted = glob.replace(/^(!?)\.\//, '$1/');
  // Whoever names a folder means what is in it.
  const meant = rooted.endsWith('/') && !rooted.startsWith('!') ? inFolder(rooted) : rooted;
  const rule = parseRule(meant, { braces: true });
  return (
    rule ??
    new Refusal(
      `The glob ${written} is not valid: it is empty, or has a bracket that is not closed. Close it, or write it as [[] or \\{.`,
    )
  );
}

function inFolder(glob: string): string {
  return glob.slice(0, -1).includes('/') ? `${glob}**` : `**/${glob}**`;
}
