import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Router } from './Router.ts';
import { scannedHead, scannedTail } from './router-features.ts';
import { type RouterWeights, shippedRouterWeights } from './router-weights.ts';

interface LabelledTask {
  readonly level: 'simple' | 'complex';
  readonly half: 'tuning' | 'held-out';
  readonly task: string;
}

const router = new Router();
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), loneSurrogates());

describe('Router', () => {
  test.each([
    'Design and implement a distributed rate limiter with Redis, including tests and failure handling',
    'Refactor the authentication module to support OAuth2 and migrate existing sessions',
    'Implement a complex distributed system architecture with microservices',
    'Refactor the auth module to use JWT and add tests',
  ])('finds complex: %s', (task) => {
    expect(router.assess(task).level).toBe('complex');
  });

  test.each([
    'What is 2+2?',
    'Fix a typo in the README',
    'Say hello',
    'List the files in this folder',
    'hello world',
    '',
  ])('finds simple: "%s"', (task) => {
    expect(router.assess(task).level).toBe('simple');
  });

  test('stays at or above its recorded accuracy on the hand-labelled tasks', () => {
    const tasks = readTasks();
    const right = (half: string) =>
      tasks.filter((task) => task.half === half && router.assess(task.task).level === task.level).length;
    expect(tasks).toHaveLength(100);
    expect(right('tuning')).toBeGreaterThanOrEqual(49);
    expect(right('held-out')).toBeGreaterThanOrEqual(46);
  });

  test('gives score and confidence between 0 and 1, and signals that add up to the logit, for any text', () => {
    fc.assert(
      fc.property(anyText, (task) => {
        const { score, confidence, level, threshold, signals } = router.assess(task);
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThan(1);
        expect(confidence).toBeGreaterThanOrEqual(0);
        expect(confidence).toBeLessThanOrEqual(1);
        expect(level).toBe(score >= threshold ? 'complex' : 'simple');
        const logit = signals.reduce((sum, signal) => sum + signal.contribution, 0);
        expect(logit).toBeCloseTo(Math.log(score / (1 - score)), 9);
        for (const signal of signals)
          expect(signal.contribution).toBeCloseTo(signal.value * signal.weight, 12);
      }),
    );
  });

  test('gives the same answer for the same text, from any instance and with frozen weights', () => {
    const frozen = new Router({ weights: deepFreeze(structuredClone(shippedRouterWeights)) });
    fc.assert(
      fc.property(anyText, (task) => {
        const first = router.assess(task);
        expect(router.assess(task)).toEqual(first);
        expect(frozen.assess(task)).toEqual(first);
      }),
    );
  });

  test('looks at the start and the end of a huge text only', () => {
    const head = 'Fix the typo. '.padEnd(scannedHead, 'x ');
    const tail = ' thanks'.padStart(scannedTail, 'y ');
    const plain = router.assess(`${head}${'z '.repeat(2_500_000)}${tail}`);
    const loaded = router.assess(`${head}${'9{'.repeat(2_500_000)}${tail}`);
    expect(loaded).toEqual(plain);
  });

  test('does not let length alone grow without bound', () => {
    const score = (characters: number) => router.assess('word '.repeat(characters / 5)).score;
    expect(score(5_000_000)).toBeCloseTo(score(5_000), 12);
    expect(score(1_000)).toBeGreaterThan(score(100));
  });

  test('moves the level, and nothing else of the score, with the threshold', () => {
    const task = 'Refactor the auth module to use JWT and add tests';
    const strict = new Router({ threshold: 0.99 }).assess(task);
    expect(strict.level).toBe('simple');
    expect(strict.score).toBe(router.assess(task).score);
    expect(strict.threshold).toBe(0.99);
  });

  test('is not confident at the threshold', () => {
    const { score } = router.assess('Write a compiler for a small language');
    expect(
      new Router({ threshold: score }).assess('Write a compiler for a small language').confidence,
    ).toBeCloseTo(0, 9);
  });

  test('is less confident where its heads disagree', () => {
    const weights = (weakFails: number, strongHelps: number): RouterWeights => ({
      threshold: 0.5,
      fitted: {
        weakFails: { intercept: weakFails, operatingPoint: 0, weights: {} },
        strongHelps: { intercept: strongHelps, operatingPoint: 0, weights: {} },
        ceilings: {},
      },
      prior: { weights: {} },
    });
    const agreed = new Router({ weights: weights(1, 1) }).assess('x');
    const split = new Router({ weights: weights(4, -2) }).assess('x');
    expect(split.score).toBe(agreed.score);
    expect(split.confidence).toBeLessThan(agreed.confidence);
  });

  test.each([0, 1, -1, Number.NaN])('refuses a threshold of %s', (threshold) => {
    expect(() => new Router({ threshold })).toThrow(/above 0 and below 1/);
  });
});

function readTasks(): LabelledTask[] {
  const lines = readFileSync(
    new URL('../../test/fixtures/router-tasks.jsonl', import.meta.url),
    'utf8',
  ).split('\n');
  return lines.filter((line) => line !== '').map((line): LabelledTask => JSON.parse(line));
}

function loneSurrogates(): fc.Arbitrary<string> {
  return fc
    .array(fc.integer({ min: 0xd7f0, max: 0xe00f }), { maxLength: 40 })
    .map((codes) => String.fromCharCode(...codes));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
