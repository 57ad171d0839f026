import type { ChangedFile } from '../../task-events.ts';
import type { CliContext } from '../CliContext.ts';
import type { Style } from '../style.ts';

/** Writes the changes of a task to stdout: for people in colour and without control characters, else exactly as `git apply` wants them. */
export function writeDiff({ stdout, isTerminal, style }: CliContext, files: readonly ChangedFile[]): void {
  for (const { diff } of files) stdout.write(isTerminal.stdout ? forPeople(diff, style) : diff);
}

/** What reorders a line or takes no room: whoever says yes to a change is to see that it is there. */
const unseen = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function forPeople(diff: string, style: Style): string {
  const lines = diff.replace(/\n$/, '').split('\n');
  let isInHunk = false;
  const painted = lines.map((line) => {
    const shown = line.replace(/[^\P{Cc}\t]/gu, '').replace(unseen, (character) => escaped(character));
    if (line.startsWith('@@')) {
      isInHunk = true;
      return style.cyan(shown);
    }
    if (!isInHunk) return style.bold(shown);
    if (line.startsWith('+')) return style.green(shown);
    return line.startsWith('-') ? style.red(shown) : shown;
  });
  return `${painted.join('\n')}\n`;
}
