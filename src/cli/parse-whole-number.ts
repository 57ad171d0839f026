import { InvalidArgumentError } from './InvalidArgumentError.ts';

/**
 * Reads an option's whole number.
 * @throws InvalidArgumentError naming the option and its range.
 */
export function parseWholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new InvalidArgumentError(
    `${option} is "${text}": it must be a whole number from ${least} to ${most}.`,
  );
}
