import { describe, expect, it } from 'vitest';
import { extractExamples } from './extract-examples.ts';
import { matches, readWholeLiteral, toJson } from './read-literal.ts';

const read = (text: string, only?: string) =>
  extractExamples(text, only).map(({ functionName, arguments: given, expected }) => [
    functionName,
    given.map(toJson),
    expected.type === 'value' ? toJson(expected.value) : `! ${expected.name}`,
  ]);

describe('examples in a text', () => {
  it.each([
    ['add(1, 2) returns 3', ['add', [1, 2], 3]],
    ['`add(1, 2)` should return `3`.', ['add', [1, 2], 3]],
    ['For instance, total([1, 2.5]) -> 3.5, and so on', ['total', [[1, 2.5]], 3.5]],
    [
      'flip({"a": [true, null]}) === {"a": [false, null]}',
      ['flip', [{ a: [true, null] }], { a: [false, null] }],
    ],
    ["slug('Hello, World!') => 'hello-world'", ['slug', ['Hello, World!'], 'hello-world']],
    ['pair(1) == (1, 1) because it doubles', ['pair', [1], [1, 1]]],
    ['first([]) is None', ['first', [[]], null]],
    ['parse("x") raises ValueError', ['parse', ['x'], '! ValueError']],
    ['parse("x") should throw an error', ['parse', ['x'], '! null']],
  ])('%s', (text, example) => {
    expect(read(text)).toEqual([example]);
  });

  it.each([
    'add(x, 2) returns 3',
    'add(1, 2) returns 3 + x',
    'add(1, 2) returns the sum',
    'add(1, 2) returns 3 items',
    'add(1, 2) does not return 3',
    'add(1, 2) never returns',
    'x.add(1, 2) returns 3',
    'assert add(1, 2) == 3',
    'if add(1) == 2:',
    'add(1, 2) returns 1e400',
    'big(1) returns 12345678901234567890',
    'seen(1) returns {1, 2}',
    "f(1) returns f'x'",
    'range(1) returns [0, 1, ...]',
    'f(1) returns 1, 2',
    'f(g(1)) returns 2',
  ])('takes nothing for certain from: %s', (text) => {
    expect(read(text)).toEqual([]);
  });

  it('reads interpreter sessions, with values and exceptions', () => {
    const text = `
    >>> add(1, 2)
    3
    >>> add("a")
    Traceback (most recent call last):
      ...
    TypeError: missing
    >>> print(add(1, 2))
    3
    >>> many(2)
    [1,
     2]
    """`;
    expect(read(text)).toEqual([
      ['add', [1, 2], 3],
      ['add', ['a'], '! TypeError'],
    ]);
  });

  it('reads tables with an input and an output', () => {
    const text = `
| Input | Output |
|-------|:------:|
| \`"abc"\` | \`"cba"\` |
| rev("") | "" |
| anything | "x" |

| Name | Value |
|---|---|
| "a" | 1 |`;
    expect(read(text, 'rev')).toEqual([
      ['rev', ['abc'], 'cba'],
      ['rev', [''], ''],
    ]);
    expect(read(text)).toEqual([['rev', [''], '']]);
  });

  it('leaves out examples that contradict each other, unless one says what should be', () => {
    expect(read('f(1) returns 2\nf(1) returns 3\nf(2) returns 3')).toEqual([['f', [2], 3]]);
    expect(read('f(1) returns 2\nIt must not: f(1) should return 3')).toEqual([['f', [1], 3]]);
  });

  it.each([
    'f(1) returns 2 instead of 3.',
    'f(1) gives 2, but should give 3',
    'f(1) is 2 and it should be 3, always',
    'f(1) returns 2 rather than 3',
  ])('takes what should be from the report of a bug: %s', (text) => {
    expect(extractExamples(text)).toMatchObject([{ isDemand: true, expected: { value: { value: 3 } } }]);
  });

  it('reads nothing that is nested without end, and what stands beside it', () => {
    for (const bracket of ['(', '[', '{a:']) {
      const text = `parse(${bracket.repeat(20_000)}) returns 1\nf(1) returns 2`;
      expect(extractExamples(text)).toMatchObject([{ functionName: 'f', line: 2 }]);
    }
    expect(extractExamples(`f(${'['.repeat(20)}${']'.repeat(20)}) returns 2`)).toHaveLength(1);
  });

  it('takes no value for certain that is said to be wrong', () => {
    expect(read('f(1) returns 2, but should return the sum')).toEqual([]);
    expect(read('f(1) returns 2 instead of what was asked for')).toEqual([]);
  });

  it('knows the line of each, takes three dots for anything, and the expected column of a table', () => {
    const text = `\n>>> f(1)\n2\n\n>>> f("a")\n'a...'\n\n| input | output | expected |\n|---|---|---|\n| f(3) | 3 | 4 |`;
    expect(extractExamples(text).map(({ line, isDemand, text: shown }) => [line, isDemand, shown])).toEqual([
      [2, false, 'f(1) gives 2'],
      [10, true, 'f(3) gives 4'],
    ]);
  });
});

describe('the value of an example', () => {
  const is = (literal: string, actual: unknown): boolean => {
    const expected = readWholeLiteral(literal);
    return expected !== null && matches(expected, actual);
  };
  it.each([
    ['3', 3],
    ['0.33', 1 / 3],
    ['0.3', 0.1 + 0.2],
    ['(1, 2)', [1, 2]],
    ['None', null],
    ["{'a': 1}", { a: 1 }],
    ['True', true],
  ])('%s is %j', (literal, actual) => expect(is(literal, actual)).toBe(true));
  it.each([
    ['3', 4],
    ['3', '3'],
    ['0.33', 0.34],
    ['[1, 2]', [2, 1]],
    ["{'a': 1}", { a: 1, b: 2 }],
    ['True', 1],
    ['None', 0],
  ])('%s is not %j', (literal, actual) => expect(is(literal, actual)).toBe(false));
});
