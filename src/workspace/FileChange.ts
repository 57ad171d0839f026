/** One file as a stage would leave it. Paths are relative to the workspace, with `/`. */
export type FileChange =
  | {
      readonly path: string;
      readonly status: 'added';
      readonly after: FileImage;
    }
  | {
      readonly path: string;
      readonly status: 'modified';
      readonly before: FileImage;
      readonly after: FileImage;
    }
  | {
      readonly path: string;
      readonly status: 'deleted';
      readonly before: FileImage;
    };

/** The whole of one file. */
export interface FileImage {
  readonly content: Buffer;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
}

/** What the file held before; null where it was not there. */
export function imageBefore(change: FileChange): FileImage | null {
  return change.status === 'added' ? null : change.before;
}

/** What the file is to hold; null where it is to be gone. */
export function imageAfter(change: FileChange): FileImage | null {
  return change.status === 'deleted' ? null : change.after;
}
