import { displayWidth, truncate } from './display-width.ts';
import { wrapText } from './wrap-text.ts';

export interface TableColumn {
  readonly title: string;
  /** Numbers stand at the right. Default `left`. */
  readonly align?: 'left' | 'right';
  /** The column that is cut first where the table is too wide; at most one. It keeps at least 12 characters. */
  readonly flexible?: boolean;
}

export interface TableOptions {
  /** Columns of the terminal; infinite where nothing is to be cut. */
  readonly width: number;
  /** Paints a title. */
  readonly heading?: (title: string) => string;
}

const gap = '  ';
const leastFlexibleWidth = 12;

/** Lays out rows under titles; cells may be coloured. Where the table cannot fit, each row becomes a block of `title: cell` lines. */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string {
  const paint = options.heading ?? ((title: string) => title);
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  );
  const excess = widths.reduce((sum, width) => sum + width + gap.length, -gap.length) - options.width;
  if (excess > 0) {
    const flexible = columns.findIndex((column) => column.flexible);
    const room = (widths[flexible] ?? 0) - excess;
    if (flexible < 0 || room < leastFlexibleWidth) return formatBlocks(columns, rows, options.width, paint);
    widths[flexible] = room;
  }
  const line = (cells: readonly string[], style: (cell: string) => string): string =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        const shown = truncate(cell, width);
        const padding = ' '.repeat(Math.max(0, width - displayWidth(shown)));
        return columns[index]?.align === 'right' ? padding + style(shown) : style(shown) + padding;
      })
      .join(gap)
      .trimEnd();
  const titles = columns.map((column) => column.title);
  return [line(titles, paint), ...rows.map((row) => line(row, (cell) => cell))].join('\n');
}

function formatBlocks(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number,
  paint: (title: string) => string,
): string {
  const titleWidth = Math.max(...columns.map((column) => displayWidth(column.title)));
  const indent = ' '.repeat(titleWidth + gap.length);
  const block = (row: readonly string[]): string =>
    columns
      .map(({ title }, index) => {
        const padding = ' '.repeat(titleWidth - displayWidth(title));
        const cell = wrapText(row[index] ?? '', width, indent);
        return `${paint(title)}${padding}${gap}${cell}`.trimEnd();
      })
      .join('\n');
  return rows.length === 0 ? titlesOnly(columns, width, paint) : rows.map(block).join('\n\n');
}

function titlesOnly(
  columns: readonly TableColumn[],
  width: number,
  paint: (title: string) => string,
): string {
  return paint(truncate(columns.map((column) => column.title).join(gap), width));
}
