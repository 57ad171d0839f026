/** The page's own colours, for what draws on a canvas. */
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The colour of one of several series: agents have their own, others by rank. */
export function seriesColor(key: string, index: number): string {
  if (key === 'claude-specialist') return color('claude');
  if (key === 'ollama-specialist') return color('ollama');
  return color(`series-${(index % 8) + 1}`);
}

/** The same as a class, for what is not drawn on a canvas. */
export function seriesClass(key: string, index: number): string {
  if (key === 'claude-specialist') return 'swatch-claude';
  if (key === 'ollama-specialist') return 'swatch-ollama';
  return `swatch-${(index % 8) + 1}`;
}
