import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, TeelammaError } from '../../errors.ts';

/** A client's file cannot be changed as it is; it was not touched. */
export class JsonFileError extends TeelammaError {
  readonly file: string;

  constructor(file: string, problem: string, cause?: unknown) {
    super('invalid-config', `${file} ${problem} It was not touched.`, { cause });
    this.file = file;
  }
}

/**
 * The file's text; null where there is none.
 * @throws JsonFileError where it cannot be read, is no JSON, or is no object.
 */
export function readJsonFile(file: string): string | null {
  if (!existsSync(file)) return null;
  let text: string;
  let content: unknown;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new JsonFileError(file, `cannot be read: ${messageOf(error)}.`, error);
  }
  if (text.trim() === '') return '';
  try {
    content = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new JsonFileError(file, `is not valid JSON (${messageOf(error)}). Mend it or move it away.`, error);
  }
  if (content === null || typeof content !== 'object' || Array.isArray(content)) {
    throw new JsonFileError(file, 'holds something else than a JSON object. Mend it or move it away.');
  }
  return text;
}

/**
 * Writes the file whole or not at all, through a link to what it points at, with the mode it had; null removes it, and its folder where that
 * is named `.claude` and empty by then.
 * @throws JsonFileError where the disk or its permissions forbid it
 */
export function writeJsonFile(file: string, text: string | null): void {
  try {
    if (text === null) {
      unlinkSync(file);
      removeOwnFolder(dirname(file));
      return;
    }
    const target = existsSync(file) ? realpathSync(file) : file;
    mkdirSync(dirname(target), { recursive: true });
    const mode = existsSync(target) ? statSync(target).mode & 0o777 : 0o644;
    const temporary = `${target}.${process.pid}.tmp`;
    writeFileSync(temporary, text, { mode });
    renameSync(temporary, target);
  } catch (error) {
    throw new JsonFileError(file, `cannot be written: ${messageOf(error)}.`, error);
  }
}

function removeOwnFolder(folder: string): void {
  if (!/[\\/]\.claude$/.test(folder)) return;
  try {
    rmdirSync(folder);
  } catch {
    // Something else is in it, which stays.
  }
}
