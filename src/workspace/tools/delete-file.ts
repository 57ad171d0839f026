import * as z from 'zod';
import { Refusal } from '../Refusal.ts';
import { decodeText } from '../text-file.ts';
import { defineTool } from './define-tool.ts';

export const deleteFile = defineTool({
  name: 'delete_file',
  description: 'Deletes a text file.',
  shape: { path: z.string().describe('relative to the root of the project') },
  run: ({ path }, { stage }) => {
    const file = stage.read(path);
    if (file instanceof Refusal) return file;
    const text = decodeText(file.image.content, file.path);
    if (text instanceof Refusal) return text;
    const removed = stage.remove(file.path);
    return removed instanceof Refusal ? removed : `Deleted ${removed}.`;
  },
});
