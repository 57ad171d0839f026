import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetTitle, matchesScope } from './scope.ts';

describe('what a budget matches', () => {
  const matches = (pattern: string, project: string) =>
    matchesScope({ match: { project: [pattern] } }, { project });

  it.each([
    ['web', 'web', true],
    ['web', 'web2', false],
    ['web*', 'web', true],
    ['*web', 'my-web', true],
    ['*web', 'webs', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['ab*ba', 'aba', false],
    ['*', '', true],
    ['we.', 'web', false],
  ])('%s takes %s: %s', (pattern, value, expected) => {
    expect(matches(pattern, value)).toBe(expected);
  });

  it('is what the same regular expression matches', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 });
    fc.assert(
      fc.property(
        text,
        text.map((one) => one.replaceAll('*', '')),
        (pattern, value) => {
          expect(matches(pattern, value)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(value));
        },
      ),
    );
  });

  it('is nothing where the part is not known', () => {
    expect(matchesScope({ match: { project: ['*'] } }, { user: 'ann' })).toBe(false);
    expect(matchesScope({}, {})).toBe(true);
  });

  it('is named with its counter', () => {
    expect(budgetTitle({ name: 'a' })).toBe('a');
    expect(budgetTitle({ name: 'a', each: { part: 'user', value: 'ann' } })).toBe('a (user: ann)');
    expect(budgetTitle({ name: 'a', each: { part: 'user', value: '' } })).toBe('a (user: unknown)');
    expect(budgetTitle({ name: 'a', each: { part: 'user', value: null } })).toBe('a (each user)');
  });
});
