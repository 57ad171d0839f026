/** How much a task may read and stage; past each of these it is told so and nothing changes. */
export interface WorkspaceLimits {
  /** Largest file that is read or searched, in bytes. Default 5,000,000. */
  readonly maxReadBytes: number;
  /** Largest file that is written, in bytes. Default 1,000,000. */
  readonly maxFileBytes: number;
  /** Most files that differ from the workspace. Default 200. */
  readonly maxChangedFiles: number;
  /** Most bytes of all staged files together. Default 20,000,000. */
  readonly maxStagedBytes: number;
  /** Most characters that one tool gives back. Default 30,000, some 8,000 tokens. */
  readonly maxResultLength: number;
  /** Longest that one listing or search takes. Default 10 s. */
  readonly searchTimeMs: number;
}

export const defaultLimits: WorkspaceLimits = {
  maxReadBytes: 5_000_000,
  maxFileBytes: 1_000_000,
  maxChangedFiles: 200,
  maxStagedBytes: 20_000_000,
  maxResultLength: 30_000,
  searchTimeMs: 10_000,
};
