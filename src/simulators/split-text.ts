/**
 * Splits a text into pieces of about `size` characters as a model streams them: behind a space where there is one, never within a
 * surrogate pair. An empty text has no pieces.
 */
export function splitText(text: string, size: number): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + size, text.length);
    if (end < text.length) {
      const space = text.lastIndexOf(' ', end - 1);
      if (space > start) end = space + 1;
      else if (isHighSurrogate(text.charCodeAt(end - 1))) end += 1;
    }
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
