import { readFileSync } from 'node:fs';
import { writePrivateFile } from '../../config/write-private-file.ts';
import { messageOf, TeelammaError } from '../../errors.ts';

/** Remembers which lists of checks a user has looked at and trusts; a list that changes is another one. */
export interface TrustStore {
  isTrusted(trustKey: string): boolean;
  /** @throws TeelammaError `state-unwritable` */
  setTrusted(trustKey: string, isTrusted: boolean): void;
}

/** Kept in a file of the installation, never in a workspace, which its own author could write. */
export function createTrustStore(file: string): TrustStore {
  return {
    isTrusted: (key) => readKeys(file).includes(key),
    setTrusted: (key, isTrusted) => {
      const others = readKeys(file).filter((each) => each !== key);
      try {
        writePrivateFile(file, `${JSON.stringify(isTrusted ? [...others, key] : others, null, 2)}\n`);
      } catch (cause) {
        const problem = messageOf(cause);
        throw new TeelammaError(
          'state-unwritable',
          `${file} cannot be written, so trust was not changed: ${problem}`,
          { cause },
        );
      }
    },
  };
}

/** A file that is missing or damaged trusts nothing. */
function readKeys(file: string): readonly string[] {
  try {
    const keys: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
  } catch {
    return [];
  }
}
