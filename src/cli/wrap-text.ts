import { displayWidth } from './display-width.ts';

/**
 * Breaks text at spaces so that no line passes `width` columns; a word that is longer stands on a line of its own. Lines after the
 * first start with `indent`.
 */
export function wrapText(text: string, width: number, indent = ''): string {
  const room = Math.max(8, width - displayWidth(indent));
  return text
    .split('\n')
    .flatMap((paragraph) => wrapParagraph(paragraph, room))
    .map((line, index) => (index === 0 ? line : indent + line).trimEnd())
    .join('\n');
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
