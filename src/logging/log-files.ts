import { readdirSync } from 'node:fs';
import { codeOf } from '../errors.ts';

/** A file of the log, as its name says: one UTC day, numbered from 1 within it. */
export interface LogFile {
  readonly name: string;
  /** UTC day, `2026-11-03`. */
  readonly day: string;
  readonly number: number;
}

const pattern = /^decisions\.(\d{4}-\d{2}-\d{2})\.(\d+)\.log$/;

export function logFileName(day: string, number: number): string {
  return `decisions.${day}.${String(number).padStart(3, '0')}.log`;
}

/** The UTC day of an instant; one day for all processes, whatever their time zone. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** The files of the log, oldest first; other files are left out. Empty where there is no folder. */
export function listLogFiles(folder: string): readonly LogFile[] {
  return namesIn(folder)
    .flatMap((name) => {
      const [, day, number] = pattern.exec(name) ?? [];
      return day === undefined ? [] : [{ name, day, number: Number(number) }];
    })
    .sort((a, b) => (a.day === b.day ? a.number - b.number : a.day < b.day ? -1 : 1));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
