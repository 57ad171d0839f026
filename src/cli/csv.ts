/**
 * One line of CSV (RFC 4180) without its end. A text that a spreadsheet would take for a formula gets an apostrophe in front, as OWASP
 * advises (https://owasp.org/www-community/attacks/CSV_Injection); numbers stay numbers, null is an empty cell.
 */
export function csvLine(cells: readonly (string | number | boolean | null)[]): string {
  return cells.map(csvCell).join(',');
}

function csvCell(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
