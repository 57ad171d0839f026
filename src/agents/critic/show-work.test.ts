import { describe, expect, it } from 'vitest';
import type { FileChange } from '../../workspace/FileChange.ts';
import { showWork } from './show-work.ts';

const added = (path: string, text: string): FileChange => ({
  path,
  status: 'added',
  after: { content: Buffer.from(text), mode: 0o644 },
});

describe('work as a reviewing model sees it', () => {
  it('is the answer with its lines, where no file is changed', () => {
    const shown = showWork({ task: 'Add.', answer: 'One\n\ntwo', changes: [] });
    expect(shown).toMatchObject({
      task: 'Add.',
      answer: '     1   One\n     2   \n     3   two',
      changes: '',
      leftOut: null,
    });
  });

  it('is the changes with their lines, and what is said of them', () => {
    const deleted: FileChange = {
      path: 'old.ts',
      status: 'deleted',
      before: { content: Buffer.from('x\n'), mode: 0o644 },
    };
    const shown = showWork({
      task: 'Add.',
      answer: 'Done.',
      changes: [added('a.ts', 'export {};\n'), deleted],
    });
    expect(shown.answer).toBe('Done.');
    expect(shown.changes).toBe('## a.ts (added)\n     1 + export {};\n\n## old.ts (deleted)\n');
    expect(shown.leftOut).toBeNull();
  });

  it('is bounded, and says what is not shown', () => {
    const long = `${'const value = 1;\n'.repeat(3_000)}`;
    const shown = showWork({
      task: 't'.repeat(50_000),
      answer: 'Done.',
      changes: [added('a.ts', 'export {};\n'), added('b.ts', long), added('c.ts', long)],
    });
    expect(shown.task.length + shown.answer.length + shown.changes.length).toBeLessThan(56_000);
    expect(shown.task).toContain('characters are left out here');
    expect(shown.changes).toContain('## b.ts');
    expect(shown.changes).not.toContain('## c.ts');
    expect(shown.leftOut).toBe('a part of the task, and all or a part of b.ts, c.ts');
    const answer = showWork({ task: 'Add.', answer: long, changes: [] });
    expect(answer.leftOut).toMatch(/^what follows line \d+ of the answer$/);
  });
});
