import { TeelammaError } from '../errors.ts';

/** A setting that cannot be used: says which, where it stands, and what would be accepted. */
export class InvalidConfigError extends TeelammaError {
  /** Path of the file, or name of the environment variable. */
  readonly place: string;
  /** The setting's key; empty where the file as a whole cannot be read. */
  readonly key: string;

  constructor(place: string, key: string, problem: string, cause?: unknown) {
    const where = key === '' ? place : `${key} in ${place}`;
    super('invalid-config', `${where} ${problem}`, { cause });
    this.place = place;
    this.key = key;
  }
}
