import { createHash } from 'node:crypto';
import { Refusal } from '../Refusal.ts';
import type { StagedFile } from '../WorkspaceStage.ts';
import type { ToolContext } from './define-tool.ts';

/** Keeps in mind what the task knows of a file. */
export function noteSeen({ seen }: ToolContext, { path, image }: StagedFile): void {
  seen.set(path, hashOf(image.content));
}

/** Refuses to write over a file that the task has read and that holds something else by now. */
export function changedSinceSeen({ seen }: ToolContext, { path, image }: StagedFile): Refusal | null {
  const known = seen.get(path);
  if (known === undefined || known === hashOf(image.content)) return null;
  return new Refusal(
    `${path} was changed by somebody else since you read it. Read it again, then decide what to write.`,
  );
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
