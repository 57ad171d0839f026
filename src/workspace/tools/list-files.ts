import * as z from 'zod';
import { compileGlobs } from '../path-filter.ts';
import { Refusal } from '../Refusal.ts';
import { defineTool } from './define-tool.ts';
import { pathsIn } from './paths-in.ts';
import { globsSchema, hiddenSchema, ignoredSchema } from './walk-inputs.ts';

const mostFiles = 500;

export const listFiles = defineTool({
  name: 'list_files',
  description:
    'Lists files of the project, by their paths relative to its root. Files that .gitignore leaves out and hidden files are not listed unless asked for.',
  shape: {
    path: z.string().default('').describe('folder to list, relative to the root; default the whole project'),
    globs: globsSchema,
    hidden: hiddenSchema,
    ignored: ignoredSchema,
  },
  run: async ({ path, globs, hidden, ignored }, { stage, signal }) => {
    const filter = compileGlobs(globs);
    if (filter instanceof Refusal) return filter;
    const paths = pathsIn(stage, { path, filter, hidden, ignored, signal });
    if (paths instanceof Refusal) return paths;
    const found: string[] = [];
    const endMs = performance.now() + stage.limits.searchTimeMs;
    let length = 0;
    let end = '';
    for await (const file of paths) {
      if (performance.now() > endMs) {
        end = `\n(Stopped after ${stage.limits.searchTimeMs / 1_000} s; there may be more. Name a folder.)`;
        break;
      }
      if (found.length >= mostFiles || length > stage.limits.maxResultLength) {
        end = `\n(There are more; these are the first ${found.length}. Name a folder or narrower globs.)`;
        break;
      }
      found.push(file);
      length += file.length + 1;
    }
    if (found.length === 0 && end === '')
      return `No files match.${hidden && ignored ? '' : ' Hidden and ignored files were left out.'}`;
    return found.join('\n') + end;
  },
});
