import { maskSecrets } from '../../logging/mask-secrets.ts';
import type { Issue } from '../verdict.ts';
import type { ModelReview } from './review-form.ts';

/** Where a reviewer's issues can be. */
export interface ReviewPlaces {
  /** Lines of a file of the workspace as it would be, of the answer for the empty path; null where there is no such file. */
  readonly linesOf: (path: string) => number | null;
  /** Whether the work itself stands there: a changed file, or the answer where no file is changed. */
  readonly isWork: (path: string) => boolean;
}

export interface Doubts {
  readonly issues: readonly Issue[];
  /** Issues that named a file or line that does not exist. */
  readonly dropped: number;
}

/** A model that is shown more of them mends none better. */
const mostDoubts = 10;
const longestMessage = 400;

/**
 * Reads the issues of a reviewing model. One that names a place that does not exist is dropped: what it says of it cannot be so. `mayReturn`:
 * whether they may send the work back; then those of work that is `flawed` are errors, where they name a line of it. All else is a warning.
 */
export function findDoubts(
  { outcome, issues }: ModelReview,
  places: ReviewPlaces,
  mayReturn: boolean,
): Doubts {
  const placed = issues
    .map(({ message, file, line }) => ({
      message: message.trim(),
      line,
      file: file.trim().replace(/^\.\//, ''),
    }))
    .filter(({ message, file, line }) => {
      const lines = places.linesOf(file);
      return message !== '' && lines !== null && line >= 0 && line <= lines;
    });
  const found = placed.slice(0, mostDoubts).map(({ message, file, line }): Issue => {
    const isError = mayReturn && outcome === 'flawed' && line > 0 && places.isWork(file);
    const where = [...(line > 0 ? [`line ${line}`] : []), ...(file === '' ? [] : [file])].join(' of ');
    return {
      kind: 'doubt',
      severity: isError ? 'error' : 'warning',
      message: `The reviewer doubts ${where === '' ? 'the work' : where}: ${maskSecrets(message).slice(0, longestMessage)}`,
      ...(file !== '' && { file }),
      ...(line > 0 && { line }),
    };
  });
  return { issues: found, dropped: issues.length - placed.length };
}
