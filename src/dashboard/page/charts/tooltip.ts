import type uPlot from 'uplot';

/** What is said of the point under the pointer, a line each; null where there is nothing to say. */
export type TooltipLines = (index: number) => readonly string[] | null;

/** A small box beside the pointer. What it says stands in the table below the chart too. */
export function tooltip(lines: TooltipLines): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = 'chart-tip';
  box.hidden = true;
  return {
    hooks: {
      init: (plot) => void plot.over.append(box),
      setCursor: (plot) => {
        const { idx, left = -1, top = 0 } = plot.cursor;
        const said = idx === null || idx === undefined || left < 0 ? null : lines(idx);
        box.hidden = said === null;
        if (!said) return;
        box.replaceChildren(
          ...said.map((line) => {
            const row = document.createElement('div');
            row.textContent = line;
            return row;
          }),
        );
        const isRight = left > plot.over.clientWidth / 2;
        box.style.left = isRight ? '' : `${left + 12}px`;
        box.style.right = isRight ? `${plot.over.clientWidth - left + 12}px` : '';
        box.style.top = `${Math.max(0, Math.min(top, plot.over.clientHeight - box.clientHeight))}px`;
      },
    },
  };
}
