import { expect, test } from 'vitest';
import { explainComplexity } from './explain-complexity.ts';
import { Router } from './Router.ts';

test('opens with level, score, threshold and confidence', () => {
  const complexity = new Router().assess('Refactor the auth module to use JWT and add tests');
  expect(explainComplexity(complexity)[0]).toBe(
    `complex: score ${complexity.score.toFixed(2)}, at or above 0.50; confidence ${complexity.confidence.toFixed(2)}`,
  );
});

test('gives every signal a line, the strongest first, each saying whether it was fitted', () => {
  const complexity = new Router().assess('Refactor the auth module to use JWT and add tests');
  const lines = explainComplexity(complexity).slice(1);
  const shares = lines.map((line) => Math.abs(Number(line.split(' ')[0])));
  expect(lines).toHaveLength(complexity.signals.length);
  expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  for (const line of lines) expect(line).toMatch(/^[+-]\d+\.\d\d {2}\w+ .*\((fitted|prior): .+\)$/);
});

test('marks what speaks for simple with a minus and never writes minus zero', () => {
  const [first, ...others] = explainComplexity({
    level: 'simple',
    score: 0.4,
    threshold: 0.5,
    confidence: 0.2,
    signals: [
      { name: 'tiny', origin: 'fitted', value: 1, weight: -0.001, contribution: -0.001, description: 'a' },
      { name: 'smallWords', origin: 'prior', value: 2, weight: -0.5, contribution: -1, description: 'b' },
    ],
  });
  expect(first).toContain('below 0.50');
  expect(others).toEqual([
    '-1.00  smallWords  2 x -0.50 (prior: b)',
    '+0.00  tiny        1 x +0.00 (fitted: a)',
  ]);
});
