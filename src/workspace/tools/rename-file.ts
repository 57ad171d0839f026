import * as z from 'zod';
import { Refusal } from '../Refusal.ts';
import { decodeText } from '../text-file.ts';
import { defineTool } from './define-tool.ts';

export const renameFile = defineTool({
  name: 'rename_file',
  description:
    'Moves a text file to another path, where none may be yet. What refers to it is not changed: search for it.',
  shape: {
    path: z.string().describe('the file, relative to the root of the project'),
    new_path: z.string().describe('its new path, relative to the root'),
  },
  run: ({ path, new_path: target }, { stage }) => {
    const file = stage.read(path);
    if (file instanceof Refusal) return file;
    const text = decodeText(file.image.content, file.path);
    if (text instanceof Refusal) return text;
    const renamed = stage.rename(file.path, target);
    return renamed instanceof Refusal ? renamed : `Renamed ${renamed.from} to ${renamed.to}.`;
  },
});
