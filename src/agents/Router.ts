import type { Complexity, Signal } from './complexity.ts';
import { extractFeatures, type FeatureName, type Features, featureDescriptions } from './router-features.ts';
import { type FittedHead, type RouterWeights, shippedRouterWeights } from './router-weights.ts';

export interface RouterOptions {
  /** Default: the weights shipped with this package. */
  readonly weights?: RouterWeights | undefined;
  /** Score from which a task is complex, above 0 and below 1. Default: the threshold of the weights. */
  readonly threshold?: number | undefined;
}

/**
 * Says how complex a task is, without asking any model: pure, no I/O, the same answer for the same text. Two heads fitted on measured
 * answers (how likely a small model fails, how likely a strong one does better) are averaged, and hand-set priors for engineering
 * words are added. All of it is linear in the logit, so the signals explain the score completely.
 *
 * @example
 * ```ts
 * new Router().assess('Refactor the auth module to use JWT and add tests').level; // 'complex'
 * ```
 */
export class Router {
  private readonly weights: RouterWeights;
  private readonly threshold: number;
  private readonly terms: readonly Term[];
  private readonly intercept: number;

  /** @throws RangeError for a threshold that is not between 0 and 1. */
  constructor(options: RouterOptions = {}) {
    this.weights = options.weights ?? shippedRouterWeights;
    this.threshold = options.threshold ?? this.weights.threshold;
    if (!(this.threshold > 0 && this.threshold < 1)) {
      throw new RangeError(`the router's threshold is ${this.threshold}; give a number above 0 and below 1`);
    }
    this.terms = termsOf(this.weights);
    const { weakFails, strongHelps } = this.weights.fitted;
    this.intercept = (centredIntercept(weakFails) + centredIntercept(strongHelps)) / 2;
  }

  /** Takes any string; an empty one is simple. Time is bounded: see `extractFeatures`. */
  assess(task: string): Complexity {
    const features = extractFeatures(task);
    const { weakFails, strongHelps, ceilings } = this.weights.fitted;
    let logit = this.intercept;
    const signals: Signal[] = [
      {
        name: 'intercept',
        origin: 'fitted',
        value: 1,
        weight: logit,
        contribution: logit,
        description: 'where every task starts',
      },
    ];
    for (const { name, origin, weight, ceiling, description } of this.terms) {
      const value = Math.min(features[name], ceiling);
      if (value === 0) continue;
      const contribution = value * weight;
      logit += contribution;
      signals.push({ name, origin, value, weight, contribution, description });
    }
    const score = logistic(logit);
    const agreement =
      1 -
      Math.abs(
        logistic(headLogit(weakFails, features, ceilings)) -
          logistic(headLogit(strongHelps, features, ceilings)),
      );
    const margin = logit - Math.log(this.threshold / (1 - this.threshold));
    return {
      level: score >= this.threshold ? 'complex' : 'simple',
      score,
      threshold: this.threshold,
      confidence: Math.tanh(Math.abs(margin)) * agreement,
      signals,
    };
  }
}

interface Term {
  readonly name: FeatureName;
  readonly origin: 'fitted' | 'prior';
  readonly weight: number;
  readonly ceiling: number;
  readonly description: string;
}

/** A feature has at most one fitted and one prior term. */
function termsOf(weights: RouterWeights): Term[] {
  const { weakFails, strongHelps, ceilings } = weights.fitted;
  const names = Object.keys(featureDescriptions) as FeatureName[];
  const terms = names.flatMap((name): Term[] => {
    const description = featureDescriptions[name];
    const fitted = ((weakFails.weights[name] ?? 0) + (strongHelps.weights[name] ?? 0)) / 2;
    const prior = weights.prior.weights[name] ?? 0;
    return [
      { name, origin: 'fitted', weight: fitted, ceiling: ceilings[name] ?? Infinity, description },
      { name, origin: 'prior', weight: prior, ceiling: Infinity, description },
    ];
  });
  return terms.filter((term) => term.weight !== 0);
}

function centredIntercept(head: FittedHead): number {
  return head.intercept - head.operatingPoint;
}

function headLogit(
  head: FittedHead,
  features: Features,
  ceilings: RouterWeights['fitted']['ceilings'],
): number {
  let logit = centredIntercept(head);
  for (const name of Object.keys(head.weights) as FeatureName[]) {
    logit += (head.weights[name] ?? 0) * Math.min(features[name], ceilings[name] ?? Infinity);
  }
  return logit;
}

function logistic(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
