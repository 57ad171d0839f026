import { describe, expect, it } from 'vitest';
import { checkTask } from './check-task.ts';

describe('checkTask', () => {
  it.each(['Say hello', 'Zeile 1\nZeile 2\tmit Tab', '修正 🙂', 'a'.repeat(1_000_000)])(
    'accepts text',
    (task) => {
      expect(() => checkTask(task)).not.toThrow();
    },
  );

  it.each([
    ['', 'The task is empty'],
    [' \n\t ', 'The task is empty'],
    ['x'.repeat(5_000_000), 'The task is 5.0 MB long; at most 1 MB'],
    ['ü'.repeat(500_001), 'The task is 1.0 MB long'],
    ['ELF\u0000\u0001', 'binary character at position 3'],
    ['caf\ufffd', 'binary character at position 3'],
  ])('refuses what cannot be run, with the reason', (task, problem) => {
    expect(() => checkTask(task)).toThrow(problem);
  });
});
