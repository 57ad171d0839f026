import { describe, expect, it } from 'vitest';
import { fittingFiles } from './files-view.ts';

const file = (path: string, diff: string) => ({ path, status: 'modified', diff }) as const;

describe('fittingFiles', () => {
  it('leaves what fits as it is', () => {
    const files = [file('a', '-a\n+b\n'), file('b', '')];
    expect(fittingFiles(files)).toEqual({ files, leftOut: 0 });
  });

  it('cuts long diffs only, and says where all of them is', () => {
    const long = '+ "a line"\n'.repeat(10_000);
    const { files } = fittingFiles([file('long', long), file('short', '+a\n'), file('long too', long)]);
    expect(JSON.stringify(files).length).toBeLessThan(45_000);
    expect(JSON.stringify(files).length).toBeGreaterThan(35_000);
    expect(files[1]).toEqual(file('short', '+a\n'));
    for (const index of [0, 2]) {
      const diff = files[index]?.diff ?? '';
      expect(diff).toMatch(/\[cut after \d+ of 110000 characters; all of it is in fullDiffFile\]\n$/);
      expect(long.startsWith(diff.slice(0, diff.lastIndexOf('\n[cut after')))).toBe(true);
    }
  });

  it('counts the files for whose names there is no room', () => {
    const all = Array.from({ length: 200 }, (_, index) => file(`${'folder/'.repeat(40)}${index}`, '+a\n'));
    const { files, leftOut } = fittingFiles(all);
    expect(files.length + leftOut).toBe(200);
    expect(leftOut).toBeGreaterThan(100);
    expect(JSON.stringify(files).length).toBeLessThan(20_000);
  });
});
