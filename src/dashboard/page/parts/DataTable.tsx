import type { ComponentChildren } from 'preact';

export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
}

interface DataTableProps {
  /** What it is a table of, for who does not see it. */
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly { readonly key: string; readonly cells: readonly ComponentChildren[] }[];
  /** The last row, set apart. */
  readonly total?: readonly ComponentChildren[];
}

/** A table that scrolls by itself where the screen is narrow; the first cell of a row names it. */
export function DataTable({ caption, columns, rows, total }: DataTableProps) {
  const classOf = (index: number) => (columns[index]?.isNumber ? 'number' : '');
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse must be able to scroll it
    <section class="table-scroll" tabIndex={0} aria-label={`Table: ${caption}`}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title }, index) => (
              <th key={title} scope="col" class={classOf(index)}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells }) => (
            <tr key={key}>
              {cells.map((cell, index) => cellOf(cell, index, classOf(index), columns[index]?.title))}
            </tr>
          ))}
        </tbody>
        {total && (
          <tfoot>
            <tr>{total.map((cell, index) => cellOf(cell, index, classOf(index), columns[index]?.title))}</tr>
          </tfoot>
        )}
      </table>
    </section>
  );
}

function cellOf(cell: ComponentChildren, index: number, kind: string, title = '') {
  if (index > 0) {
    return (
      <td key={title} class={kind}>
        {cell}
      </td>
    );
  }
  return (
    <th key={title} scope="row" class={kind}>
      {cell}
    </th>
  );
}
