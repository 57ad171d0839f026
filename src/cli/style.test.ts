import { describe, expect, it } from 'vitest';
import { wantsColor } from './style.ts';

describe('wantsColor', () => {
  it.each([
    ['a terminal', {}, true, false, true],
    ['a pipe', {}, false, false, false],
    ['NO_COLOR on a terminal', { NO_COLOR: '1' }, true, false, false],
    ['an empty NO_COLOR', { NO_COLOR: '' }, true, false, true],
    ['FORCE_COLOR on a pipe', { FORCE_COLOR: '1' }, false, false, true],
    ['FORCE_COLOR=0 on a terminal', { FORCE_COLOR: '0' }, true, false, false],
    ['FORCE_COLOR over NO_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, false, false, true],
    ['--no-color over FORCE_COLOR', { FORCE_COLOR: '1' }, true, true, false],
    ['a dumb terminal', { TERM: 'dumb' }, true, false, false],
  ])('decides for %s', (_name, environment, isTerminal, hasNoColorFlag, expected) => {
    expect(wantsColor(environment, isTerminal, hasNoColorFlag)).toBe(expected);
  });
});
