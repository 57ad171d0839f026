import { describe, expect, it } from 'vitest';
import { csvLine } from './csv.ts';

describe('csvLine', () => {
  it('quotes what has commas, quotes and line breaks, and leaves numbers alone', () => {
    expect(csvLine(['a', 'b,c', 'say "x"', 'two\nlines', -5, 1.5, true, null, ''])).toBe(
      'a,"b,c","say ""x""","two\nlines",-5,1.5,true,,',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('lets no spreadsheet calculate %j', (text) => {
    expect(csvLine([text]).replace(/^"/, '')[0]).toBe("'");
  });
});
