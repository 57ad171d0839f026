import { Router } from '../../src/agents/Router.ts';
import type { FeatureName } from '../../src/agents/router-features.ts';
import type { FittedHead, RouterWeights } from '../../src/agents/router-weights.ts';
import { type Example, fitHeads, strongHelpsLabel } from './fit-heads.ts';
import { logistic } from './logistic-regression.ts';
import {
  auroc,
  calibrationError,
  type RoutingMetrics,
  routingMetrics,
  type Scored,
} from './routing-metrics.ts';

export type ExampleWithText = Example & { readonly text: string };

/** What a router said of a prompt whose source it had not seen. `NaN` where it has no such head. */
export interface OutOfSource extends Scored {
  readonly source: string;
  readonly weakFails: number;
  readonly strongHelps: number;
}

export interface Summary extends RoutingMetrics {
  readonly prompts: number;
  /** Of the score against `weak_ok`. */
  readonly auroc: number;
  readonly eceWeakOk: number;
  readonly eceStrongHelps: number;
}

export const routerNames = [
  'random',
  'length, unfitted',
  'length only',
  'weakFails head',
  'strongHelps head',
  'both heads',
  'both heads and priors',
] as const;
export type RouterName = (typeof routerNames)[number];

/** Leave one source out: each source is scored by weights fitted on all others. */
export function leaveOneSourceOut(
  examples: readonly ExampleWithText[],
  shipped: RouterWeights,
): Record<RouterName, OutOfSource[]> {
  const results: Record<RouterName, OutOfSource[]> = {
    random: [],
    'length, unfitted': [],
    'length only': [],
    'weakFails head': [],
    'strongHelps head': [],
    'both heads': [],
    'both heads and priors': [],
  };
  for (const [source, held] of Map.groupBy(examples, (example) => example.source)) {
    const others = examples.filter((example) => example.source !== source);
    const fitted = fitHeads(others);
    const lengthOnly = fitHeads(others, ['length']);
    const base = {
      weakFails: balancedMean(others, (example) => 1 - example.weakOk),
      strongHelps: balancedMean(others, strongHelpsLabel),
    };
    const plain = new Router({ weights: { ...shipped, fitted, prior: { weights: {} } } });
    const full = new Router({ weights: { ...shipped, fitted } });
    for (const example of held) {
      const { weakOk, strongOk } = example;
      const heads = headsOf(example, fitted);
      const add = (name: RouterName, score: number, of: { weakFails: number; strongHelps: number }) =>
        results[name].push({ source, weakOk, strongOk, score, ...of });
      add('random', 0.5, base);
      add('length, unfitted', example.text.length, { weakFails: Number.NaN, strongHelps: Number.NaN });
      const byLength = headsOf(example, lengthOnly);
      add('length only', byLength.weakFails, byLength);
      add('weakFails head', heads.weakFails, heads);
      add('strongHelps head', heads.strongHelps, heads);
      add('both heads', plain.assess(example.text).score, heads);
      add('both heads and priors', full.assess(example.text).score, heads);
    }
  }
  return results;
}

export function summarise(results: readonly OutOfSource[]): Summary {
  return {
    prompts: results.length,
    ...routingMetrics(results),
    auroc: auroc(results.map((r) => ({ score: -r.score, label: r.weakOk }))),
    eceWeakOk: calibrationError(results.map((r) => ({ score: 1 - r.weakFails, label: r.weakOk }))),
    eceStrongHelps: calibrationError(
      results.map((r) => ({ score: r.strongHelps, label: strongHelpsLabel(r) })),
    ),
  };
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * 95 % bootstrap interval of a figure of `results`, over 400 resamples of the prompts by a fixed seed. With `baseline`, of the
 * difference to it on the same resamples; both lists are in the same order.
 */
export function bootstrap(
  results: readonly OutOfSource[],
  figure: (resampled: readonly OutOfSource[]) => number,
  baseline?: readonly OutOfSource[],
): Interval {
  const random = mulberry32(20_240_618);
  const figures: number[] = [];
  for (let round = 0; round < 400; round += 1) {
    const picks = results.map(() => Math.floor(random() * results.length));
    const pick = (from: readonly OutOfSource[]) => picks.flatMap((n) => from[n] ?? []);
    figures.push(figure(pick(results)) - (baseline === undefined ? 0 : figure(pick(baseline))));
  }
  figures.sort((a, b) => a - b);
  return { low: figures[9] ?? Number.NaN, high: figures[390] ?? Number.NaN };
}

function headsOf(
  example: Example,
  fitted: RouterWeights['fitted'],
): { weakFails: number; strongHelps: number } {
  const probability = (head: FittedHead) => {
    let logit = head.intercept;
    for (const name of Object.keys(head.weights) as FeatureName[]) {
      logit +=
        (head.weights[name] ?? 0) * Math.min(example.features[name], fitted.ceilings[name] ?? Infinity);
    }
    return logistic(logit);
  };
  return { weakFails: probability(fitted.weakFails), strongHelps: probability(fitted.strongHelps) };
}

function balancedMean(examples: readonly Example[], label: (example: Example) => number): number {
  const bySource = [...Map.groupBy(examples, (example) => example.source).values()];
  const means = bySource.map(
    (group) => group.reduce((sum, example) => sum + label(example), 0) / group.length,
  );
  return means.reduce((sum, mean) => sum + mean, 0) / means.length;
}

/** A small seeded generator (Tommy Ettinger's Mulberry32), so that the report comes out the same each time. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
