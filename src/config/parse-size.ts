/** Bytes of a size such as `512MiB`, `2GiB` or `1.5 GB`; null for anything else. `MB` and `MiB` are both read as powers of 1,024. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?) ?([kmgt])i?b?$/i.exec(text.trim());
  if (match === null) return null;
  const power = 'kmgt'.indexOf((match[2] ?? '').toLowerCase()) + 1;
  const bytes = Number(match[1]) * 1024 ** power;
  return Number.isSafeInteger(Math.round(bytes)) ? Math.round(bytes) : null;
}
