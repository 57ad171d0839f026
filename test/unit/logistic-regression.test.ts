import { expect, test } from 'vitest';
import { fitLogisticRegression, predict } from '../../scripts/router/logistic-regression.ts';

test('finds the exact log odds of two groups when nothing is penalised', () => {
  const model = fitLogisticRegression(
    [
      { x: [0], y: 0.2, weight: 1 },
      { x: [1], y: 0.7, weight: 3 },
    ],
    0,
  );
  expect(model.intercept).toBeCloseTo(Math.log(0.2 / 0.8), 9);
  expect(predict(model, [1])).toBeCloseTo(0.7, 9);
});

test('counts a sample of weight two like the same sample twice', () => {
  const a = { x: [1, 4], y: 1, weight: 1 };
  const b = { x: [2, 1], y: 0, weight: 1 };
  const c = { x: [3, 3], y: 0.5, weight: 1 };
  const weighted = fitLogisticRegression([{ ...a, weight: 2 }, b, c], 0.5);
  const repeated = fitLogisticRegression([a, a, b, c], 0.5);
  weighted.weights.forEach((weight, i) => {
    expect(weight).toBeCloseTo(repeated.weights[i] ?? Number.NaN, 9);
  });
});

test('stands at a zero gradient of the penalised likelihood', () => {
  const samples = [0, 1, 2, 3, 4, 5].map((n) => ({
    x: [n, (n * n) % 5],
    y: n % 3 === 0 ? 0.9 : 0.3,
    weight: 1 + n,
  }));
  const ridge = 0.7;
  const model = fitLogisticRegression(samples, ridge);
  const total = samples.reduce((sum, sample) => sum + sample.weight, 0);
  const residual = (of: (x: readonly number[]) => number) =>
    samples.reduce((sum, { x, y, weight }) => sum + weight * (y - predict(model, x)) * of(x), 0);
  expect(residual(() => 1)).toBeCloseTo(0, 8);
  for (const i of [0, 1]) {
    const mean = samples.reduce((sum, { x, weight }) => sum + weight * (x[i] ?? 0), 0) / total;
    const variance =
      samples.reduce((sum, { x, weight }) => sum + weight * ((x[i] ?? 0) - mean) ** 2, 0) / total;
    const raw = model.weights[i] ?? Number.NaN;
    expect(residual((x) => (x[i] ?? 0) - mean)).toBeCloseTo(ridge * raw * variance, 8);
  }
});

test('says so when the data holds no numbers', () => {
  expect(() => fitLogisticRegression([{ x: [Number.NaN], y: 1, weight: 1 }], 1)).toThrow(/did not converge/);
});
