/**
 * The hunks of a unified diff of one file with the line numbers that the file will have, for those who are to name lines:
 *
 *        1   unchanged
 *          - taken away, and so without a number
 *        2 + added
 */
export function numberedDiff(unifiedDiff: string): string {
  const shown: string[] = [];
  let line: number | null = null;
  for (const text of unifiedDiff.replace(/\n$/, '').split('\n')) {
    const hunk = /^@@ -\d+(?:,\d+)? \+(\d+)/.exec(text);
    if (hunk) {
      if (line !== null) shown.push('     ...');
      line = Number(hunk[1]);
    } else if (line !== null && !text.startsWith('\\')) {
      const sign = text.slice(0, 1) || ' ';
      shown.push(`${sign === '-' ? ' '.repeat(6) : String(line).padStart(6)} ${sign} ${text.slice(1)}`);
      if (sign !== '-') line += 1;
    }
  }
  return shown.join('\n');
}
