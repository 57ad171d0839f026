import { stripVTControlCharacters } from 'node:util';

const zeroWidth = /^[\p{Mark}\p{Cf}]$/u;
const doubleWidth =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$/u;

/** Terminal columns that a text takes, colours not counted. East Asian wide characters and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += characterWidth(character);
  return width;
}

/** Cuts a text to `width` columns and marks the cut with an ellipsis; colours are kept and ended. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let shown = '';
  let used = 0;
  let index = 0;
  while (index < text.length) {
    const colorLength = colorLengthAt(text, index);
    const piece =
      colorLength > 0
        ? text.slice(index, index + colorLength)
        : String.fromCodePoint(text.codePointAt(index) ?? 0);
    if (colorLength === 0) {
      used += characterWidth(piece);
      if (used > width - 1) break;
    }
    shown += piece;
    index += piece.length;
  }
  const hasColor = shown.includes('\u001b[');
  return `${shown}${hasColor ? '\u001b[0m' : ''}…`;
}

function characterWidth(character: string): number {
  if (zeroWidth.test(character)) return 0;
  return doubleWidth.test(character) ? 2 : 1;
}

/** Length of the colour sequence (`ESC [ ... m`) that starts here; 0 where none does. */
function colorLengthAt(text: string, index: number): number {
  if (!text.startsWith('\u001b[', index)) return 0;
  const end = text.indexOf('m', index);
  return end < 0 ? 0 : end - index + 1;
}
