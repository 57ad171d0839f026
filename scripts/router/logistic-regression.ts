/** A linear model of a logit: `intercept + sum(weights[i] * x[i])`. */
export interface LinearModel {
  readonly intercept: number;
  readonly weights: readonly number[];
}

export interface Sample {
  readonly x: readonly number[];
  /** Share of successes, 0 to 1: a soft label is that many successes and the rest failures. */
  readonly y: number;
  /** How much the sample counts; positive. */
  readonly weight: number;
}

/**
 * L2-regularised logistic regression with soft labels and sample weights, by Newton's method (IRLS): no step size, no random start, so
 * the same samples give the same model. Features are standardised inside, so that `ridge` (penalty on a standardised weight, in units
 * of whole samples) means the same for each; the intercept is not penalised. The weights returned are for raw features.
 *
 * @throws Error if it has not converged after 100 steps; the objective is strictly convex, so that means broken input.
 */
export function fitLogisticRegression(samples: readonly Sample[], ridge: number): LinearModel {
  const width = samples[0]?.x.length ?? 0;
  const { mean, deviation } = moments(samples, width);
  const rows = samples.map((sample) => [
    1,
    ...sample.x.map((value, i) => (value - at(mean, i)) / at(deviation, i)),
  ]);
  let beta = new Array<number>(width + 1).fill(0);
  for (let step = 0; step < 100; step += 1) {
    const gradient = beta.map((b, i) => (i === 0 ? 0 : -ridge * b));
    const hessian = beta.map((_, i) => beta.map((__, j) => (i === j && i > 0 ? ridge : 0)));
    rows.forEach((row, n) => {
      const sample = samples[n];
      if (sample === undefined) return;
      const p = logistic(row.reduce((sum, value, i) => sum + value * at(beta, i), 0));
      const curvature = Math.max(p * (1 - p), 1e-9) * sample.weight;
      row.forEach((value, i) => {
        gradient[i] = at(gradient, i) + sample.weight * (sample.y - p) * value;
        const line = hessian[i] ?? [];
        for (let j = 0; j < row.length; j += 1) line[j] = at(line, j) + curvature * value * at(row, j);
      });
    });
    const change = solve(hessian, gradient);
    beta = beta.map((b, i) => b + at(change, i));
    if (Math.max(...change.map(Math.abs)) < 1e-10) return toRaw(beta, mean, deviation);
  }
  throw new Error('the logistic regression did not converge: look for NaN or infinite features in the data');
}

/** The model's probability for one row of features. */
export function predict(model: LinearModel, x: readonly number[]): number {
  return logistic(model.weights.reduce((sum, weight, i) => sum + weight * at(x, i), model.intercept));
}

export function logistic(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

function moments(samples: readonly Sample[], width: number): { mean: number[]; deviation: number[] } {
  const total = samples.reduce((sum, sample) => sum + sample.weight, 0);
  const average = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + sample.weight * of(sample), 0) / total;
  const columns = Array.from({ length: width }, (_, i) => i);
  const mean = columns.map((i) => average((sample) => at(sample.x, i)));
  const variance = columns.map((i) => average((sample) => (at(sample.x, i) - at(mean, i)) ** 2));
  return { mean, deviation: variance.map((value) => Math.sqrt(value) || 1) };
}

function toRaw(beta: readonly number[], mean: readonly number[], deviation: readonly number[]): LinearModel {
  const weights = beta.slice(1).map((b, i) => b / at(deviation, i));
  return { intercept: at(beta, 0) - weights.reduce((sum, w, i) => sum + w * at(mean, i), 0), weights };
}

/** Solves `matrix * x = right` by Gaussian elimination with partial pivoting. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, at(right, i)]);
  const size = rows.length;
  for (let column = 0; column < size; column += 1) {
    let pivot = column;
    for (let i = column + 1; i < size; i += 1)
      if (Math.abs(at(rows[i] ?? [], column)) > Math.abs(at(rows[pivot] ?? [], column))) pivot = i;
    const pivotRow = rows[pivot] ?? [];
    rows[pivot] = rows[column] ?? [];
    rows[column] = pivotRow;
    for (let i = 0; i < size; i += 1) {
      const row = rows[i];
      if (i === column || row === undefined) continue;
      const factor = at(row, column) / at(pivotRow, column);
      for (let j = column; j <= size; j += 1) row[j] = at(row, j) - factor * at(pivotRow, j);
    }
  }
  return rows.map((row, i) => at(row, size) / at(row, i));
}

/** Reads an array at an index that is in range by construction. */
function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} is outside 0..${values.length - 1}`);
  return value;
}
