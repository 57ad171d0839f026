import type { FeatureName, Features } from '../../src/agents/router-features.ts';
import type { FittedHead, RouterWeights } from '../../src/agents/router-weights.ts';
import { fitLogisticRegression, type LinearModel, type Sample } from './logistic-regression.ts';
import { scoreThatRecovers } from './routing-metrics.ts';

/** A measured prompt as the fit sees it: counts, no text. */
export interface Example {
  readonly source: string;
  readonly features: Features;
  readonly weakOk: number;
  readonly strongOk: number;
}

/** The features that are fitted. Others were tried and only learnt to tell the benchmarks apart; see docs/router.md. */
export const fittedFeatures: readonly FeatureName[] = [
  'length',
  'codeSigns',
  'mathSigns',
  'numbers',
  'conditions',
];

/** Penalty on a standardised weight, in prompts; from 30 to 1,000 the APGR of left-out sources moves by 0.01 at most. */
export const ridge = 300;

/** The label of the second head: how much better the strong model did, 0 where it did worse. */
export function strongHelpsLabel(example: { readonly weakOk: number; readonly strongOk: number }): number {
  return Math.max(0, example.strongOk - example.weakOk);
}

/** Fits both heads; every source weighs the same, however many prompts it has. Figures are rounded as they are stored. */
export function fitHeads(
  examples: readonly Example[],
  names: readonly FeatureName[] = fittedFeatures,
): RouterWeights['fitted'] {
  const ceilings: Partial<Record<FeatureName, number>> = {};
  for (const name of names) {
    ceilings[name] = round(Math.max(...examples.map((example) => example.features[name])));
  }
  return {
    weakFails: fitHead(examples, names, (example) => 1 - example.weakOk),
    strongHelps: fitHead(examples, names, strongHelpsLabel),
    ceilings,
  };
}

function fitHead(
  examples: readonly Example[],
  names: readonly FeatureName[],
  label: (example: Example) => number,
): FittedHead {
  const bySource = Map.groupBy(examples, (example) => example.source);
  const samples = examples.map((example): Sample => {
    const share = bySource.get(example.source)?.length ?? 1;
    return {
      x: names.map((name) => example.features[name]),
      y: label(example),
      weight: examples.length / bySource.size / share,
    };
  });
  const model = fitLogisticRegression(samples, ridge);
  const scored = examples.map((example, n) => ({ ...example, score: logit(model, samples[n]?.x ?? []) }));
  return {
    intercept: round(model.intercept),
    operatingPoint: round(scoreThatRecovers(scored, 0.5)),
    weights: Object.fromEntries(names.map((name, i) => [name, round(model.weights[i] ?? 0)])),
  };
}

function logit(model: LinearModel, x: readonly number[]): number {
  return model.weights.reduce((sum, weight, i) => sum + weight * (x[i] ?? 0), model.intercept);
}

/** Four digits: more would be noise, and would differ between machines. */
function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
