import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { codeOf, messageOf } from '../errors.ts';
import { InvalidTaskError } from '../pipeline/check-task.ts';
import type { CliContext } from './CliContext.ts';
import { InvalidArgumentError } from './InvalidArgumentError.ts';

/** What is read before a task is called too long without its exact size: a pipe may never end. */
const mostBytesRead = 16_000_000;

/**
 * The task's text: from the words on the command line, from `--file`, or from stdin (`-`, or nothing where stdin is no terminal). How
 * long and how textual it is `checkTask` judges; bytes that are not UTF-8 are refused here, where they can still be seen.
 * @throws InvalidArgumentError where it is unclear or unreadable what is meant; InvalidTaskError where it is not text.
 */
export async function readTask(
  context: CliContext,
  words: readonly string[],
  file: string | undefined,
): Promise<string> {
  const isStdin = words.length === 1 && words[0] === '-';
  if (words.length > 0 && file !== undefined) {
    throw new InvalidArgumentError('The task was given twice, in words and with --file; give one of them.');
  }
  if (file !== undefined) return readText(createReadStream(file), file);
  if (words.length > 0 && !isStdin) return words.join(' ');
  if (context.isTerminal.stdin && !isStdin) {
    throw new InvalidArgumentError(
      'No task was given. Say it in quotes (teelamma run "Explain what a mutex is"), name a file with --file, or pipe it in.',
    );
  }
  return readText(context.stdin, 'stdin');
}

async function readText(stream: Readable, name: string): Promise<string> {
  const bytes = await readBytes(stream, name);
  if (bytes === null) {
    throw new InvalidTaskError(
      `The task from ${name} is more than ${mostBytesRead / 1e6} MB long; at most 1 MB can be given. Name the part that matters, or split it.`,
    );
  }
  if (bytes.includes(0)) {
    throw new InvalidTaskError(
      `The task from ${name} is binary, not text (${bytes.length} bytes, with a NUL at byte ${bytes.indexOf(0)}). Give plain UTF-8 text.`,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InvalidTaskError(
      `The task from ${name} is not valid UTF-8 text. Convert it, for example with iconv.`,
    );
  }
}

/** All bytes, or null where there are too many. */
async function readBytes(stream: Readable, name: string): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > mostBytesRead) return null;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new InvalidArgumentError(`${name} cannot be read: ${reasonOf(error)}.`, error);
  }
  return Buffer.concat(chunks);
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return messageOf(error);
}
