/** One prompt with what both models made of it, and the score that a router gave it. */
export interface Scored {
  readonly score: number;
  /** Share of small models that solved it, 0 to 1. */
  readonly weakOk: number;
  /** Whether the strong model solved it, 0 to 1. */
  readonly strongOk: number;
}

export interface RoutingMetrics {
  /** Average performance gap recovered: 0.5 is chance, 1 is unreachable. */
  readonly apgr: number;
  /** Smallest share of calls to the strong model that recovers half of the gap, 0 to 1. */
  readonly cpt50: number;
  /** The same for 80 % of the gap. */
  readonly cpt80: number;
}

/**
 * The metrics of RouteLLM (arXiv 2406.18665, section 3): calls go to the strong model in the order of the score; the performance gap
 * recovered (PGR) at a share of strong calls is `(performance - weak) / (strong - weak)`. APGR is the area under that curve over all
 * thresholds (trapezoids, as in the paper's code); CPT(x) is the first share at which PGR reaches x, interpolated. Prompts with the same
 * score go over together, which is the expectation over random orders: a constant score therefore gives exactly 0.5, 0.5 and 0.8.
 */
export function routingMetrics(scored: readonly Scored[]): RoutingMetrics {
  const curve = recoveryCurve(scored);
  let area = 0;
  let cpt50: number | undefined;
  let cpt80: number | undefined;
  for (let i = 1; i < curve.length; i += 1) {
    const from = curve[i - 1];
    const to = curve[i];
    if (from === undefined || to === undefined) break;
    area += ((to.share - from.share) * (from.recovered + to.recovered)) / 2;
    cpt50 ??= crossing(from, to, 0.5);
    cpt80 ??= crossing(from, to, 0.8);
  }
  return { apgr: area, cpt50: cpt50 ?? 1, cpt80: cpt80 ?? 1 };
}

/** The score from which on calls must go to the strong model to recover this share of the gap. */
export function scoreThatRecovers(scored: readonly Scored[], recovered: number): number {
  const curve = recoveryCurve(scored);
  return curve.find((point) => point.recovered >= recovered)?.score ?? 0;
}

/**
 * Area under the ROC curve of `score` against soft labels: each prompt is a positive of weight `label` and a negative of weight
 * `1 - label`. The chance that a positive has the higher score, ties half. NaN where one kind is missing.
 */
export function auroc(points: readonly { readonly score: number; readonly label: number }[]): number {
  const groups = groupByScore(points);
  let negativesBelow = 0;
  let wins = 0;
  let positives = 0;
  for (const group of groups.toReversed()) {
    const up = sum(group, (point) => point.label);
    const down = sum(group, (point) => 1 - point.label);
    wins += up * (negativesBelow + down / 2);
    positives += up;
    negativesBelow += down;
  }
  return wins / (positives * negativesBelow);
}

/** Expected calibration error over ten bins of equal width: the mean gap between score and label, weighted by the bins' sizes. */
export function calibrationError(
  points: readonly { readonly score: number; readonly label: number }[],
): number {
  const bins = Map.groupBy(points, (point) => Math.min(9, Math.floor(point.score * 10)));
  let error = 0;
  for (const bin of bins.values()) {
    error += Math.abs(sum(bin, (point) => point.score) - sum(bin, (point) => point.label));
  }
  return error / points.length;
}

interface CurvePoint {
  readonly share: number;
  readonly recovered: number;
  readonly score: number;
}

function recoveryCurve(scored: readonly Scored[]): CurvePoint[] {
  const gap = sum(scored, (point) => point.strongOk - point.weakOk);
  const curve: CurvePoint[] = [{ share: 0, recovered: 0, score: 1 }];
  let calls = 0;
  let gained = 0;
  for (const group of groupByScore(scored)) {
    calls += group.length;
    gained += sum(group, (point) => point.strongOk - point.weakOk);
    curve.push({ share: calls / scored.length, recovered: gained / gap, score: group[0]?.score ?? 0 });
  }
  return curve;
}

function crossing(from: CurvePoint, to: CurvePoint, level: number): number | undefined {
  if (to.recovered < level) return undefined;
  const rise = to.recovered - from.recovered;
  return from.share + ((to.share - from.share) * (level - from.recovered)) / rise;
}

/** Groups of equal score, highest first. */
function groupByScore<T extends { readonly score: number }>(points: readonly T[]): T[][] {
  const groups = Map.groupBy(points, (point) => point.score);
  return [...groups].sort(([a], [b]) => b - a).map(([, group]) => group);
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
