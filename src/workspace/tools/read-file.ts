import * as z from 'zod';
import { Refusal } from '../Refusal.ts';
import { decodeText, withPlainEndings } from '../text-file.ts';
import { defineTool } from './define-tool.ts';
import { noteSeen } from './seen.ts';

const usualLines = 500;
const longestLine = 1_000;

export const readFile = defineTool({
  name: 'read_file',
  description:
    'Reads a text file. Each line comes with its number and a tab, which are not part of the file. Long files are read in parts: give start_line.',
  shape: {
    path: z.string().describe('relative to the root of the project'),
    start_line: z.int().min(1).default(1).describe('first line, counted from 1'),
    line_count: z.int().min(1).max(5_000).default(usualLines).describe('most lines to read'),
  },
  run: ({ path, start_line: start, line_count: count }, context) => {
    const file = context.stage.read(path);
    if (file instanceof Refusal) return file;
    const decoded = decodeText(file.image.content, file.path);
    if (decoded instanceof Refusal) return decoded;
    noteSeen(context, file);
    const plain = withPlainEndings(decoded.text);
    if (plain === '') return `${file.path} is empty.`;
    const lines = plain.split('\n');
    if (plain.endsWith('\n')) lines.pop();
    if (start > lines.length)
      return new Refusal(
        `${file.path} has ${lines.length} lines, so there is no line ${start}. Read from an earlier one.`,
      );
    const { shown, cut } = numberedLines(
      lines.slice(start - 1, start - 1 + count),
      start,
      context.stage.limits.maxResultLength,
    );
    const last = start - 1 + shown.length;
    const notes = [
      ...(cut > 0
        ? [`${cut} lines were cut after ${longestLine} characters; search finds text in them.`]
        : []),
      ...(last < lines.length || start > 1
        ? [
            `Lines ${start} to ${last} of ${lines.length}.${last < lines.length ? ` Go on with start_line ${last + 1}.` : ''}`,
          ]
        : []),
      ...(plain.endsWith('\n') || last < lines.length ? [] : ['The last line has no line break.']),
    ];
    return [...shown, ...(notes.length > 0 ? [`(${notes.join(' ')})`] : [])].join('\n');
  },
});

function numberedLines(
  lines: readonly string[],
  start: number,
  maxLength: number,
): { readonly shown: readonly string[]; readonly cut: number } {
  const shown: string[] = [];
  let length = 0;
  let cut = 0;
  for (const [index, line] of lines.entries()) {
    const isLong = line.length > longestLine;
    const text = `${start + index}\t${isLong ? `${line.slice(0, longestLine)} [cut: ${line.length} characters]` : line}`;
    length += text.length + 1;
    if (length > maxLength && shown.length > 0) break;
    if (isLong) cut += 1;
    shown.push(text);
  }
  return { shown, cut };
}
