import { readdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../config/make-folder.ts';

/** Files that stay; the oldest go first. */
const keptFiles = 100;

/** An answer, or the changes of files as `git apply` takes them. */
export type OutputKind = 'md' | 'diff';

/** Writes a task's whole output to `<folder>/<taskId>.md` or `.diff`, mode 0600, and gives the path. At most 100 such files are kept. */
export async function saveOutput(
  folder: string,
  taskId: string,
  text: string,
  kind: OutputKind = 'md',
): Promise<string> {
  makeFolder(folder);
  const file = join(folder, `${taskId.replaceAll(/[^\w-]/g, '_')}.${kind}`);
  await writeFile(file, text, { mode: 0o600 });
  await removeOldest(folder);
  return file;
}

async function removeOldest(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /\.(md|diff)$/.test(name));
  if (names.length <= keptFiles) return;
  const aged = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      return { file, atMs: await stat(file).then(({ mtimeMs }) => mtimeMs, gone) };
    }),
  );
  aged.sort((a, b) => a.atMs - b.atMs);
  for (const { file } of aged.slice(0, aged.length - keptFiles)) await unlink(file).catch(gone);
}

/** Another process cleans the same folder; what is gone needs no cleaning. */
function gone(): number {
  return 0;
}
