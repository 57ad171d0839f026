import { RE2JS } from 're2js';
import { messageOf } from '../errors.ts';
import { Refusal } from './Refusal.ts';

const longestPattern = 1_000;

/** A pattern, ready to search with. */
export interface LineSearch {
  /** The lines of a text that it matches; 0-based. */
  readonly linesIn: (lines: readonly string[], whole: string) => readonly number[];
  /** Where it first matches in a line; 0 where it does not. */
  readonly positionIn: (line: string) => number;
}

export interface SearchPattern {
  readonly pattern: string;
  readonly ignoreCase: boolean;
  /** The pattern is taken as it stands. */
  readonly literal: boolean;
}

/**
 * A pattern of a model as a search that takes time linear in the text, whatever the pattern: RE2's syntax, as ripgrep's, so without
 * look-around and back references.
 */
export function compileSearch({ pattern, ignoreCase, literal }: SearchPattern): LineSearch | Refusal {
  if (pattern === '')
    return new Refusal('The pattern is empty. Give the text or regular expression to search for.');
  if (pattern.length > longestPattern)
    return new Refusal(`The pattern is longer than ${longestPattern} characters. Give a shorter one.`);
  let compiled: RE2JS;
  try {
    const flags = RE2JS.MULTILINE | (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    compiled = RE2JS.compile(literal ? RE2JS.quote(pattern) : pattern, flags);
  } catch (error) {
    const problem = messageOf(error);
    return new Refusal(
      `The pattern is not a valid regular expression (${problem}). Look-around and back references are not supported; to search for the text itself set literal.`,
    );
  }
  // What holds for a line holds for the text around it, unless it is bound to the ends of what is searched.
  const isBound = !literal && /\\[AzZ]/.test(pattern);
  return {
    linesIn: (lines, whole) => {
      if (!isBound && !compiled.test(whole)) return [];
      return lines.flatMap((line, index) => (compiled.test(line) ? [index] : []));
    },
    positionIn: (line) => {
      const matcher = compiled.matcher(line);
      return matcher.find() ? matcher.start() : 0;
    },
  };
}
