import { TeelammaError } from '../errors.ts';

/** 1 MB: some 250,000 tokens, more than a model takes in one request. */
const largestTaskBytes = 1_000_000;

/** A task that cannot be run as it is: says what is wrong with it and what to do. */
export class InvalidTaskError extends TeelammaError {
  constructor(message: string) {
    super('invalid-task', message);
  }
}

/**
 * Accepts a task's text, 1 byte to 1 MB of UTF-8.
 * @throws InvalidTaskError where it is empty, too long, or not text.
 */
export function checkTask(task: string): void {
  if (task.trim() === '') throw new InvalidTaskError('The task is empty. Say in words what is to be done.');
  const bytes = Buffer.byteLength(task);
  if (bytes > largestTaskBytes) {
    throw new InvalidTaskError(
      `The task is ${(bytes / 1e6).toFixed(1)} MB long; at most 1 MB can be given. Name the part that matters, or split it.`,
    );
  }
  const control = task.search(binaryCharacters);
  if (control >= 0) {
    throw new InvalidTaskError(
      `The task is not text: there is a binary character at position ${control}. Give plain UTF-8 text.`,
    );
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a text cannot hold
const binaryCharacters = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f\ufffd]/;
