import type { FileChange } from '../../../src/workspace/FileChange.ts';
import { WorkspaceStage } from '../../../src/workspace/WorkspaceStage.ts';

export const filesBefore = { 'a.txt': 'one\n', 'd/b.txt': 'two\n', 'd/c.txt': 'three\n' };
export const filesAfter = { 'a.txt': 'ONE\n', 'e/f/b.txt': 'two!\n', 'new.txt': 'new\n' };

/** A change of every kind: modified, added in new folders, deleted with its folder. */
export function stagedChanges(folder: string): readonly FileChange[] {
  const stage = WorkspaceStage.open(folder);
  for (const path of Object.keys(filesBefore)) if (!(path in filesAfter)) stage.remove(path);
  for (const [path, text] of Object.entries(filesAfter)) stage.write(path, Buffer.from(text));
  return stage.changes();
}
