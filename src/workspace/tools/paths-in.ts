import { Refusal } from '../Refusal.ts';
import type { WorkspaceStage } from '../WorkspaceStage.ts';
import { type WalkOptions, walkFiles } from '../walk-files.ts';

/** The files below a folder of the workspace, or the one file that a path names; refuses where neither is there. */
export function pathsIn(
  stage: WorkspaceStage,
  { path, ...walk }: Omit<WalkOptions, 'folder'> & { readonly path: string },
): AsyncIterable<string> | readonly string[] | Refusal {
  const folder = stage.resolveFolder(path);
  if (folder instanceof Refusal) return folder;
  if (folder === '' || stage.hasFolder(folder)) return walkFiles(stage, { folder, ...walk });
  const file = stage.read(folder);
  if (file instanceof Refusal) return file;
  return walk.filter(file.path, false) ? [file.path] : [];
}
