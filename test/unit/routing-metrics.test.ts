import { describe, expect, test } from 'vitest';
import {
  auroc,
  calibrationError,
  routingMetrics,
  scoreThatRecovers,
} from '../../scripts/router/routing-metrics.ts';

const helped = { weakOk: 0, strongOk: 1 };
const equal = { weakOk: 1, strongOk: 1 };

describe('routingMetrics', () => {
  test('gives a constant score exactly chance', () => {
    const metrics = routingMetrics(
      [helped, equal, helped, equal].map((outcome) => ({ ...outcome, score: 0.3 })),
    );
    expect(metrics).toEqual({ apgr: 0.5, cpt50: 0.5, cpt80: 0.8 });
  });

  test('follows the curve of a perfect order: the gap is recovered by the first half of the calls', () => {
    const { apgr, cpt50, cpt80 } = routingMetrics([
      { ...helped, score: 0.9 },
      { ...helped, score: 0.8 },
      { ...equal, score: 0.2 },
      { ...equal, score: 0.1 },
    ]);
    expect(apgr).toBeCloseTo(0.75, 12);
    expect(cpt50).toBeCloseTo(0.25, 12);
    expect(cpt80).toBeCloseTo(0.4, 12);
  });

  test('goes below zero where the calls that go over first do harm', () => {
    const { apgr } = routingMetrics([
      { weakOk: 1, strongOk: 0, score: 0.9 },
      { ...helped, score: 0.5 },
      { ...helped, score: 0.1 },
    ]);
    expect(apgr).toBeCloseTo((-0.5 - 0.5 + 0.5) / 3, 12);
  });

  test('names the score from which half of the gap is recovered', () => {
    const scored = [0.9, 0.7, 0.4, 0.2].map((score) => ({ ...helped, score }));
    expect(scoreThatRecovers(scored, 0.5)).toBe(0.7);
  });
});

describe('auroc', () => {
  test('counts pairs in the right order, ties half', () => {
    const point = (score: number, label: number) => ({ score, label });
    expect(auroc([point(0.9, 1), point(0.1, 0)])).toBe(1);
    expect(auroc([point(0.1, 1), point(0.9, 0)])).toBe(0);
    expect(auroc([point(0.5, 1), point(0.5, 0)])).toBe(0.5);
    expect(auroc([point(0.9, 1), point(0.5, 0), point(0.5, 1), point(0.1, 0)])).toBe(0.875);
  });

  test('takes a soft label as a share of either', () => {
    expect(
      auroc([
        { score: 0.9, label: 0.5 },
        { score: 0.1, label: 0.5 },
      ]),
    ).toBe(0.5);
  });
});

test('calibrationError is the gap between score and label, bin by bin', () => {
  const bin = (score: number, labels: number[]) => labels.map((label) => ({ score, label }));
  expect(calibrationError([...bin(0.25, [0, 0, 0, 1]), ...bin(0.9, [1, 1, 1, 0])])).toBeCloseTo(0.075, 12);
});
