import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TeelammaError } from '../../errors.ts';

/** The file of a workspace that names its own checks. */
export const checksFileName = 'teelamma.checks.json';

export interface ChecksFile {
  readonly commands: readonly string[];
  /** What the user's trust is given to: this content in this folder, and no other. */
  readonly trustKey: string;
}

/**
 * Reads a workspace's own list of checks, `{"commands": ["npm test", "./verify.sh"]}`; null where it has none. Its commands are run only
 * after the user has trusted this very content, since whoever can write a repository can write the file.
 * @throws TeelammaError `invalid-config` where it is there and not of that form.
 */
export function readChecksFile(workspaceFolder: string): ChecksFile | null {
  const file = join(workspaceFolder, checksFileName);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  return {
    commands: parseCommands(text, file),
    trustKey: createHash('sha256').update(`${workspaceFolder}\0${text}`).digest('hex'),
  };
}

function parseCommands(text: string, file: string): readonly string[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = null;
  }
  const commands =
    typeof content === 'object' && content !== null && 'commands' in content ? content.commands : null;
  if (Array.isArray(commands) && commands.every((each) => typeof each === 'string' && each.trim() !== '')) {
    return commands;
  }
  throw new TeelammaError(
    'invalid-config',
    `${file} must be of the form {"commands": ["npm test"]}; mend it or remove it`,
  );
}
