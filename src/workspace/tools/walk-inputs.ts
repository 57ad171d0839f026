import * as z from 'zod';

export const globsSchema = z
  .array(z.string())
  .default([])
  .describe(
    'only paths that match one of these, such as "*.ts" or "src/**/*.py"; one that begins with ! leaves out',
  );

export const hiddenSchema = z
  .boolean()
  .default(false)
  .describe('files and folders that begin with a dot too');

export const ignoredSchema = z.boolean().default(false).describe('files that .gitignore leaves out too');
