/** Shown to checks read-only and not copied: dependencies, which are large, and which no task has to change. */
export const linkedNames: ReadonlySet<string> = new Set(['node_modules', '.venv', 'venv']);

/** Why a path does not name a file that a task may change; undefined where it does. */
export function whyNotInside(path: string): string | undefined {
  const parts = path.split('/');
  if (path === '' || path.startsWith('/') || /^[a-zA-Z]:/.test(path) || /[\\\0]/.test(path)) {
    return `${JSON.stringify(path)} is not a path relative to the workspace`;
  }
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    return `${JSON.stringify(path)} leads out of the workspace or is not a plain path`;
  }
  const closed = parts.find((part) => linkedNames.has(part) || part === '.git');
  return closed === undefined
    ? undefined
    : `${JSON.stringify(path)} is in ${closed}, which no task may change`;
}
