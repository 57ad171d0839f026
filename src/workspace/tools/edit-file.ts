import * as z from 'zod';
import { explainMismatch } from '../explain-mismatch.ts';
import { Refusal } from '../Refusal.ts';
import { lineAt, positionsOf, replaceText } from '../replace-text.ts';
import { decodeText, encodeText, withPlainEndings } from '../text-file.ts';
import { defineTool } from './define-tool.ts';
import { noteSeen } from './seen.ts';

const mostPlaces = 5;

export const editFile = defineTool({
  name: 'edit_file',
  description:
    'Replaces text in a file. old_string must be exactly what the file has, with its indentation and without line numbers, and must stand there once; add lines around it until it does, or set replace_all.',
  shape: {
    path: z.string().describe('relative to the root of the project'),
    old_string: z.string().describe('the text to replace'),
    new_string: z.string().describe('what stands there afterwards'),
    replace_all: z.boolean().default(false).describe('replace it wherever it stands'),
  },
  run: (input, context) => {
    const { stage } = context;
    const file = stage.read(input.path);
    if (file instanceof Refusal) return file;
    const before = decodeText(file.image.content, file.path);
    if (before instanceof Refusal) return before;
    const plain = withPlainEndings(before.text);
    const wanted = withPlainEndings(input.old_string);
    const problem = problemOf(file.path, plain, wanted, input);
    if (problem !== null) return new Refusal(problem);
    const { text, lines } = replaceText(before.text, wanted, input.new_string);
    const written = stage.write(file.path, encodeText({ ...before, text }));
    if (written instanceof Refusal) return written;
    noteSeen(context, { path: written, image: { ...file.image, content: encodeText({ ...before, text }) } });
    const where =
      lines.length === 1
        ? `line ${lines[0]}`
        : `${lines.length} places, lines ${lines.slice(0, 20).join(', ')}`;
    return `Edited ${written} at ${where}.`;
  },
});

function problemOf(
  path: string,
  plain: string,
  wanted: string,
  {
    new_string: replacement,
    replace_all: all,
  }: { readonly new_string: string; readonly replace_all: boolean },
): string | null {
  if (wanted === '')
    return `old_string is empty. Give the text of ${path} that is to be replaced, or write the whole file with write_file.`;
  if (wanted === withPlainEndings(replacement))
    return `old_string and new_string are the same, so ${path} was not changed.`;
  if (replacement.includes('\0'))
    return `new_string holds NUL characters, so it is no text. Only text is written.`;
  const found = positionsOf(plain, wanted);
  if (found.length === 0)
    return `old_string is not in ${path}, so nothing was changed. ${explainMismatch(plain, wanted)}`;
  if (found.length === 1 || all) return null;
  const lines = found.slice(0, mostPlaces).map((at) => lineAt(plain, at));
  const more = found.length > mostPlaces ? ', ...' : '';
  return `old_string stands ${found.length} times in ${path} (lines ${lines.join(', ')}${more}), so nothing was changed. Add the lines around the one you mean, or set replace_all.`;
}
