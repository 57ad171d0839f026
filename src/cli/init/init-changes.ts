import { maskSecrets } from '../../logging/mask-secrets.ts';
import type { FilePlan } from './client-plan.ts';
import type { FileRecord, InitRecord } from './init-record.ts';
import { applyEdits, type DoneEdit, type JsonEdit, undoEdits } from './json-edits.ts';
import { JsonFileError, readJsonFile } from './json-file.ts';

/** What is to happen to one file. */
export interface InitChange {
  readonly file: string;
  /** Null where it is not there. */
  readonly before: string | null;
  /** Null where it is to go. */
  readonly after: string | null;
  /** What is to be known of it from then on; null for nothing. */
  readonly record: FileRecord | null;
  /** Whole sentences for the user. */
  readonly notes: readonly string[];
}

/** The changes that plans ask for; nothing is written. @throws JsonFileError where a file is of a form that cannot be changed */
export function planChanges(plans: readonly FilePlan[], record: InitRecord): readonly InitChange[] {
  return plans.map(({ file, edits }) => {
    const before = readJsonFile(file);
    const { text, done, yielded } = changed(file, () => applyEdits(before ?? '', edits));
    const known = record.get(file);
    return {
      file,
      before,
      after: done.length === 0 ? before : text,
      record:
        done.length === 0
          ? (known ?? null)
          : {
              wasMade: before === null || (known?.wasMade ?? false),
              edits: [...(known?.edits ?? []), ...done],
            },
      notes: yielded.map(yieldNote),
    };
  });
}

/**
 * The changes that take back what was recorded for these files; of a file without a record, what plans would put there, as far as it can be
 * recognised.
 */
export function undoChanges(
  files: readonly string[],
  plans: readonly FilePlan[],
  record: InitRecord,
): readonly InitChange[] {
  return files.map((file) => {
    const before = readJsonFile(file);
    const known = record.get(file) ?? guessed(plans.find((plan) => plan.file === file)?.edits ?? []);
    if (before === null) return { file, before, after: null, record: null, notes: [] };
    const result = changed(file, () => undoEdits(before, known.edits, known.wasMade));
    const { text, undone, changed: kept } = result;
    return {
      file,
      before,
      after: undone.length === 0 ? before : text,
      record: null,
      notes: record.has(file) ? kept.map(keptNote) : [],
    };
  });
}

/** Without a record all that lies on the way and is empty afterwards is taken for ours, as the file is. */
function guessed(edits: readonly JsonEdit[]): FileRecord {
  const done = edits.map(({ path, key, value, merges }): DoneEdit => {
    const made = path.map((_name, index) => path.slice(0, index + 1));
    // What is merged stands under a name of ours, whatever is in it.
    return { path, ...(key !== undefined && { key }), value: merges ? {} : value, made };
  });
  return { wasMade: true, edits: done };
}

function changed<T>(file: string, change: () => T): T {
  try {
    return change();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new JsonFileError(file, `cannot be changed: ${error.message}. Mend it or move it away.`, error);
  }
}

function yieldNote({ key }: JsonEdit): string {
  return key === 'statusLine'
    ? 'another status line is set, and stays. --replace-status-line puts ours in its place.'
    : `"${key}" has another value, which stays.`;
}

function keptNote({ path, key, value }: DoneEdit): string {
  const name = [...path, ...(key === undefined ? [] : [key])].join('.');
  return `"${name}" was changed since and stays; ${maskSecrets(JSON.stringify(value))} was put there.`;
}
