import { isAbsolute, relative, sep } from 'node:path';
import { Refusal } from './Refusal.ts';

const mostPathBytes = 4_096;
const mostNameBytes = 255;

/**
 * The parts of a path that a model wrote, relative to the workspace; none for the workspace itself. An absolute path counts where it
 * begins with the workspace's own, since models like to write them. Nothing is looked up on disk here.
 */
export function parsePath(given: string, root: string): readonly string[] | Refusal {
  const written = JSON.stringify(given);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no name holds them on purpose
  if (/[\u0000-\u001f\u007f]/.test(given)) {
    return new Refusal(`The path ${written} holds control characters. Give a plain relative path.`);
  }
  if (Buffer.byteLength(given) > mostPathBytes) {
    return new Refusal(`The path is longer than ${mostPathBytes} bytes. Give a shorter one.`);
  }
  const inside = isAbsolute(given) ? relative(root, given) : given;
  const parts: string[] = [];
  for (const part of inside.split(sep === '\\' ? /[\\/]/ : '/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (parts.pop() === undefined) return outside(written);
      continue;
    }
    if (Buffer.byteLength(part) > mostNameBytes) {
      return new Refusal(
        `The path ${written} has a name longer than ${mostNameBytes} bytes. Choose a shorter name.`,
      );
    }
    parts.push(part);
  }
  if (isAbsolute(inside)) return outside(written);
  return reservedIn(parts, written) ?? parts;
}

function outside(written: string): Refusal {
  return new Refusal(
    `${written} lies outside of the workspace, and only files in the workspace can be used. Give a path relative to the workspace, such as "src/main.ts".`,
  );
}

/** What is no project file and never read nor written, wherever the path led: `.git`, and names that hold keys as a rule. */
export function reservedIn(parts: readonly string[], written: string): Refusal | null {
  if (parts.some(isGitFolder)) {
    return new Refusal(
      `${written} belongs to git's own data, which a task neither reads nor changes. Leave it alone.`,
    );
  }
  const name = parts.at(-1) ?? '';
  if (holdsSecrets(name)) {
    return new Refusal(
      `${written} holds keys or passwords as a rule, so a task neither reads nor changes it. Go on without it, and say in your final answer what the user is to put there.`,
    );
  }
  if (process.platform === 'win32' && parts.some((part) => /[<>:"|?*]|[. ]$/.test(part))) {
    return new Refusal(`${written} is no valid file name on Windows. Choose another.`);
  }
  return null;
}

/**
 * Every spelling that some file system takes for `.git`: letter case, trailing dots and spaces, NTFS short names and streams, and the
 * code points that HFS+ ignores (the rules of git's own `is_ntfs_dotgit` and `is_hfs_dotgit`).
 */
export function isGitFolder(name: string): boolean {
  const plain = name
    .replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '')
    .replace(/:.*$/, '')
    .replace(/[. ]+$/, '')
    .toLowerCase();
  return plain === '.git' || plain === 'git~1';
}

/** Names of files that hold secrets by custom; samples of them do not. */
export function holdsSecrets(name: string): boolean {
  const plain = name.toLowerCase();
  if (/^\.env(\..+)?$/.test(plain)) return !/\.(example|sample|template|defaults|dist)$/.test(plain);
  return (
    /^(\.netrc|_netrc|\.npmrc|\.pypirc|\.git-credentials|\.pgpass|\.htpasswd)$/.test(plain) ||
    /^id_(rsa|dsa|ecdsa|ed25519)$/.test(plain) ||
    /\.(pem|key|p12|pfx|jks|keystore)$/.test(plain)
  );
}
