import { stripVTControlCharacters } from 'node:util';

const zeroWidth = /^[\p{Mark}\u200b-\u200d\ufe0e\ufe0f]$/u;
const doubleWidth =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$/u;
const escapeSequence = /\u001b\[[0-9;]*m/y;

/** Terminal columns that a text takes, colours not counted. East Asian wide characters and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the plain ASCII test is meant to end at the control characters
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += characterWidth(character);
  return width;
}

/** Breaks text at spaces so that no line passes `width` columns; a word that is longer stands alone, or is cut where nothing else helps. */
export function wrapText(text: string, width: number, indent = ''): string {
  const room = Math.max(8, width - displayWidth(indent));
  return text
    .split('\n')
    .flatMap((paragraph) => wrapParagraph(paragraph, room))
    .map((line, index) => (index === 0 ? line : indent + line).trimEnd())
    .join('\n');
}

/** Cuts a text to `width` columns and marks the cut with an ellipsis; colours are kept and ended. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let shown = '';
  let used = 0;
  let hasColor = false;
  for (let index = 0; index < text.length; ) {
    escapeSequence.lastIndex = index;
    const escape = escapeSequence.exec(text);
    if (escape) {
      shown += escape[0];
      hasColor = true;
      index += escape[0].length;
      continue;
    }
    const character = String.fromCodePoint(text.codePointAt(index) ?? 0x20);
    if (used + characterWidth(character) > width - 1) break;
    shown += character;
    used += characterWidth(character);
    index += character.length;
  }
  return `${shown}${hasColor ? '\u001b[0m' : ''}…`;
}

function wrapParagraph(paragraph: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(/(?<=\s)(?=\S)/)) {
    if (line !== '' && displayWidth(line) + displayWidth(word.trimEnd()) > room) {
      lines.push(line);
      line = '';
    }
    line += word;
  }
  lines.push(line);
  return lines;
}

function characterWidth(character: string): number {
  if (zeroWidth.test(character)) return 0;
  return doubleWidth.test(character) ? 2 : 1;
}
