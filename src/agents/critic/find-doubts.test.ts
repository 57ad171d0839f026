import { describe, expect, it } from 'vitest';
import { findDoubts, type ReviewPlaces } from './find-doubts.ts';

const places: ReviewPlaces = {
  linesOf: (path) => ({ '': 0, 'src/a.ts': 12, 'src/other.ts': 3 })[path] ?? null,
  isWork: (path) => path === 'src/a.ts',
};
const issue = (message: string, file = '', line = 0) => ({ message, file, line });
const review = (...issues: ReadonlyArray<ReturnType<typeof issue>>) => ({
  outcome: 'flawed' as const,
  summary: '',
  issues,
});

describe('the doubts of a reviewing model', () => {
  it('send work back where they name a line of it, and are notes elsewhere', () => {
    const { issues, dropped } = findDoubts(
      review(
        issue('It divides by zero.', './src/a.ts', 3),
        issue('It has no test.'),
        issue('It calls the old name.', 'src/other.ts', 2),
        issue('It is slow.', 'src/a.ts'),
      ),
      places,
      true,
    );
    expect(issues).toEqual([
      {
        kind: 'doubt',
        severity: 'error',
        message: 'The reviewer doubts line 3 of src/a.ts: It divides by zero.',
        file: 'src/a.ts',
        line: 3,
      },
      { kind: 'doubt', severity: 'warning', message: 'The reviewer doubts the work: It has no test.' },
      expect.objectContaining({ severity: 'warning', file: 'src/other.ts', line: 2 }),
      {
        kind: 'doubt',
        severity: 'warning',
        message: 'The reviewer doubts src/a.ts: It is slow.',
        file: 'src/a.ts',
      },
    ]);
    expect(dropped).toBe(0);
  });

  it('are dropped where the file or the line is not there', () => {
    const { issues, dropped } = findDoubts(
      review(
        issue('a', 'src/b.ts', 1),
        issue('b', 'src/a.ts', 13),
        issue('c', '', 4),
        issue('d', 'src/a.ts', -1),
        issue(' ', 'src/a.ts', 1),
      ),
      places,
      true,
    );
    expect({ issues, dropped }).toEqual({ issues: [], dropped: 5 });
  });

  it('are notes where the work is good all the same, or no round of repair is left', () => {
    const good = { ...review(issue('It could be shorter.', 'src/a.ts', 3)), outcome: 'good' as const };
    expect(findDoubts(good, places, true).issues).toMatchObject([{ severity: 'warning' }]);
    const late = findDoubts(review(issue('It divides by zero.', 'src/a.ts', 3)), places, false);
    expect(late.issues).toMatchObject([{ severity: 'warning' }]);
  });

  it('are few and short, and hold no key', () => {
    const key = `ghp_${'a1B2'.repeat(9)}`;
    const many = Array.from({ length: 30 }, () => issue(`${key} ${'x'.repeat(2_000)}`, 'src/a.ts', 1));
    const { issues } = findDoubts(review(...many), places, true);
    expect(issues).toHaveLength(10);
    for (const { message } of issues) {
      expect(message.length).toBeLessThan(500);
      expect(message).not.toContain(key);
    }
  });
});
