import { describe, expect, it } from 'vitest';
import { ignoreRules } from './path-rules.ts';

/** Each as `git check-ignore` and ripgrep see it. */
describe('the rules of an ignore file', () => {
  it.each<[rules: string, path: string, 'plain' | 'negated' | null]>([
    ['*.log', 'a/b.log', 'plain'],
    ['*.log\n!b.log', 'a/b.log', 'negated'],
    ['!b.log\n*.log', 'a/b.log', 'plain'],
    ['/dist', 'a/dist', null],
    ['/dist', 'dist', 'plain'],
    ['src/*.js', 'src/a.js', 'plain'],
    ['src/*.js', 'x/src/a.js', null],
    ['src/*.js', 'src/b/a.js', null],
    ['**/b', 'a/x/b', 'plain'],
    ['a/**/x', 'a/x', 'plain'],
    ['a/**/x', 'a/b/c/x', 'plain'],
    ['a/**', 'a/b/c', 'plain'],
    ['a/**', 'a', null],
    ['foo', 'Foo', null],
    ['dist/', 'dist', null],
    ['dist/', 'a/dist/', 'plain'],
    ['dist/', 'dist/x', null],
    ['# x', '# x', null],
    ['\\#x', '#x', 'plain'],
    ['\\!x', '!x', 'plain'],
    ['a  ', 'a', 'plain'],
    ['a\\ ', 'a ', 'plain'],
    ['a\r\nb', 'a', 'plain'],
    ['\ufeffa', 'a', 'plain'],
    ['[!a]b', 'cb', 'plain'],
    ['[!a]b', 'ab', null],
    ['[a', '[a', null],
    ['{a,b}', 'a', null],
    ['{a,b}', '{a,b}', 'plain'],
    ['/', 'a', null],
    ['a?c', 'a/c', null],
  ])('%j says of %j: %s', (rules, path, verdict) => {
    const isFolder = path.endsWith('/');
    expect(ignoreRules(rules).verdict(path.replace(/\/$/, ''), isFolder)).toBe(verdict);
  });

  it('take time linear in a name, whatever they are', () => {
    const { verdict } = ignoreRules(`${'*a'.repeat(60)}b`);
    expect(verdict('a'.repeat(250), false)).toBe(null);
  });
});
