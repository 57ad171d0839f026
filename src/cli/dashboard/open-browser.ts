import { spawn } from 'node:child_process';

/** Opens a page in the user's browser; gives what to do instead where there is none, or null. */
export async function openBrowser(url: string): Promise<string | null> {
  const [program, ...words] = opener(url);
  const problem = `No browser could be started (${program}); open ${url} yourself.`;
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(problem));
    child.once('spawn', () => {
      child.unref();
      resolve(null);
    });
  });
}

function opener(url: string): readonly [string, ...string[]] {
  switch (process.platform) {
    case 'darwin':
      return ['open', url];
    case 'win32':
      // `start` is a word of the shell; its first quoted word is a title.
      return ['cmd', '/c', 'start', '', url];
    default:
      return ['xdg-open', url];
  }
}
