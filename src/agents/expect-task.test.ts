import { describe, expect, it } from 'vitest';
import { expectTask } from './expect-task.ts';

const tasks = (turns: number, ...tokens: number[]) =>
  tokens.map((chargedTokens) => ({ chargedTokens, turns }));

describe('expectTask', () => {
  it('keeps to the first estimate until five tasks of the kind are settled', () => {
    const first = { estimatedTokens: 1_000, neededTokens: 1_000, laterTokens: 0 };
    expect(expectTask([], [], 1_000)).toEqual(first);
    expect(expectTask(tasks(1, 9_000, 9_000, 9_000, 9_000), [50, 50, 50, 50, 50], 1_000)).toEqual(first);
  });

  it('adds one repair to tasks that were approved at once', () => {
    // 600 used; its repair: 5 % and 64 above 600 + 256 of input, and 512 of output that must be allowed.
    expect(expectTask(tasks(1, 600, 600, 600, 600, 600), [], 1_000)).toEqual({
      estimatedTokens: 600,
      neededTokens: 600 + 963 + 512,
      laterTokens: 963 + 512,
    });
  });

  it('takes tasks that were repaired as they are, with what their last turn has to be held for', () => {
    expect(expectTask(tasks(2, 2_000, 2_000, 2_000, 2_000, 2_000), [900, 900, 900, 900, 900], 1_000)).toEqual(
      {
        estimatedTokens: 2_000,
        neededTokens: 2_164 + 900,
        laterTokens: 2_064,
      },
    );
  });

  it('is what nine of ten needed', () => {
    const settled = [...tasks(1, 100, 100, 100, 100, 100, 100, 100, 100), ...tasks(3, 1_000, 90_000)];
    expect(expectTask(settled, [], 1_000)).toMatchObject({
      estimatedTokens: 1_000,
      neededTokens: 1_114 + 512,
    });
  });
});
