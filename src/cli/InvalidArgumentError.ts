import { TeelammaError } from '../errors.ts';

/** A command was called in a way that it cannot work with; the message says what was given and what is accepted. */
export class InvalidArgumentError extends TeelammaError {
  constructor(message: string, cause?: unknown) {
    super('invalid-argument', message, { cause });
  }
}
