import * as z from 'zod';
import { Refusal } from '../Refusal.ts';
import { decodeText, encodeText, rewritten } from '../text-file.ts';
import { defineTool } from './define-tool.ts';
import { changedSinceSeen, noteSeen } from './seen.ts';

export const writeFile = defineTool({
  name: 'write_file',
  description:
    'Writes a whole text file: a new one, or over one that is there. To change a part of a file use edit_file. Folders are made as needed. Line endings and the byte order mark of a file that is there are kept.',
  shape: {
    path: z.string().describe('relative to the root of the project'),
    content: z.string().describe('the whole content, with nothing left out'),
  },
  run: ({ path, content }, context) => {
    const { stage } = context;
    const place = stage.resolve(path);
    if (place instanceof Refusal) return place;
    const image = stage.imageAt(place);
    if (image instanceof Refusal) return image;
    if (content.includes('\0'))
      return new Refusal(
        `The content for ${place} holds NUL characters, so it is no text. Only text files are written.`,
      );
    let file = { text: content, hasBom: false };
    let notes: readonly string[] = [];
    if (image !== null) {
      const before = decodeText(image.content, place);
      if (before instanceof Refusal) return before;
      const changed = changedSinceSeen(context, { path: place, image });
      if (changed) return changed;
      ({ file, notes } = rewritten(before, content));
    }
    const written = stage.write(place, encodeText(file));
    if (written instanceof Refusal) return written;
    remember(context, written);
    const lines = content === '' ? 0 : content.replace(/\n$/, '').split('\n').length;
    return [`${image === null ? 'Made' : 'Wrote'} ${written}, ${lines} lines.`, ...notes].join(' ');
  },
});

function remember(context: Parameters<typeof noteSeen>[0], path: string): void {
  const image = context.stage.imageAt(path);
  if (image !== null && !(image instanceof Refusal)) noteSeen(context, { path, image });
}
