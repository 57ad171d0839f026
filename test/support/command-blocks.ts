/** A fenced block of commands in a page of the docs. */
export interface CommandBlock {
  /** The page and the line of its fence. */
  readonly place: string;
  readonly script: string;
  /** What it shows of the output; `...` lines are left out. */
  readonly shown: readonly string[];
  /** Why it cannot be run by the tests; null where it is. */
  readonly notRun: string | null;
}

const fence = /(?:<!-- not run: (.+) -->\n)?```(sh|console)\n([\s\S]*?)```/g;

/** Every `sh` and `console` block. Of a console block the lines after `$ ` are commands, the others what they print. */
export function commandBlocks(page: string, text: string): readonly CommandBlock[] {
  return [...text.matchAll(fence)].map((match) => {
    const [, notRun, language, body = ''] = match;
    const lines = body.trimEnd().split('\n');
    const isConsole = language === 'console';
    const commands = isConsole ? lines.filter((line) => line.startsWith('$ ')) : lines;
    return {
      place: `${page}:${text.slice(0, match.index).split('\n').length}`,
      script: commands.map((line) => (isConsole ? line.slice(2) : line)).join('\n'),
      shown: isConsole ? lines.filter((line) => !line.startsWith('$ ') && line !== '...') : [],
      notRun: notRun ?? null,
    };
  });
}
