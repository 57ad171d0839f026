import { describe, expect, test } from 'vitest';
import { extractFeatures, type FeatureName, vocabularyHead } from './router-features.ts';

const log = (count: number) => Math.log1p(count);

describe('extractFeatures', () => {
  test.each<[FeatureName, string, number]>([
    ['length', 'abc', log(3)],
    ['codeSigns', 'f(x) => a_b;', log(6)],
    ['mathSigns', '$x^2 + 1$', log(4)],
    ['numbers', '12 apples, 3.5 pears', log(3)],
    ['conditions', 'it must hold for each case', log(2)],
    ['buildWords', 'Refactor, migrate, redesign, rewrite', 3],
    ['hardWords', 'a deadlock in the queue', 2],
    ['breadthWords', 'the whole system everywhere', 2],
    ['proofWords', 'with tests and benchmarks', 1],
    ['requirements', 'Implement login, logout and sessions', 1],
    ['requirements', 'Build:\n1. one\n2. two\n- three\n', 2],
    ['requirements', 'pears, apples, figs and plums', 0],
    ['requirements', 'give, turn, lake, boat, tree', 0],
    ['otherFiles', 'move it from src/a.ts to lib/b.py and the README', 2],
    ['otherFiles', 'fix src/a.ts', 0],
    ['smallWords', 'rename the label, fix the typo', 2],
    ['smallWords', 'refactor and rename', 0],
    ['factQuestion', 'What is it', 1],
    ['factQuestion', 'Say what it is', 0],
    ['brevity', '', 1],
    ['brevity', 'one two three', 0.75],
    ['brevity', 'w '.repeat(30), 0],
  ])('counts %s in "%s"', (name, text, expected) => {
    expect(extractFeatures(text)[name]).toBeCloseTo(expected, 12);
  });

  test('reads words in any case', () => {
    expect(extractFeatures('REFACTOR it').buildWords).toBe(1);
  });

  test('takes code in a fence for code, and reads what follows it', () => {
    const fenced = extractFeatures('Look:\n```js\nrefactor(system, queue);\n```\nrename it');
    expect(fenced).toMatchObject({ buildWords: 0, breadthWords: 0, hardWords: 0, smallWords: 1 });
    expect(fenced.codeSigns).toBeCloseTo(log(3), 12);
  });

  test('does not read the name of a file as a word of the task', () => {
    expect(extractFeatures('see queue.ts').hardWords).toBe(0);
    expect(extractFeatures('see the queue.').hardWords).toBe(1);
  });

  test('finds the request before and after a long paste, and no words inside it', () => {
    const filler = 'word '.repeat(1_000);
    expect(extractFeatures(`refactor ${filler}`).buildWords).toBe(1);
    expect(extractFeatures(`${filler} refactor`).buildWords).toBe(1);
    expect(extractFeatures(`${filler.slice(0, vocabularyHead)} refactor ${filler}`).buildWords).toBe(0);
  });

  test('gives finite counts for text that is no English at all', () => {
    for (const text of [
      '認証モジュールをリファクタリングする',
      '\ud800\udfff\udc00',
      '\0\u0001',
      '…—“”',
      '`````````',
    ]) {
      for (const value of Object.values(extractFeatures(text))) expect(Number.isFinite(value)).toBe(true);
    }
  });
});
