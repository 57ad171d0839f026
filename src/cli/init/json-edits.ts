import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../../messages/open-record.ts';
import {
  appendJsonElement,
  RawJson,
  rawJsonMember,
  removeJsonElement,
  removeJsonMember,
  setJsonMember,
} from './edit-json.ts';

/** Something that is to stand in a JSON file: a member of the object at `path`, or without a key an element of the array there. */
export interface JsonEdit {
  readonly path: readonly string[];
  readonly key?: string;
  readonly value: unknown;
  /** An element that has this text in it, whatever else, is the one that is wanted. */
  readonly mark?: string;
  /** What a user added to an object that is there stays. */
  readonly merges?: boolean;
  /** Another value that is there stays, and the user is told. */
  readonly yields?: boolean;
}

/** An edit that was made, with what is needed to take it back. */
export interface DoneEdit {
  readonly path: readonly string[];
  readonly key?: string;
  /** What stands there now. */
  readonly value: unknown;
  /** The text of the value that stood there before. */
  readonly before?: string;
  /** The objects and arrays on the way that were made for it, the outermost first. */
  readonly made: readonly (readonly string[])[];
}

export interface Edited {
  readonly text: string;
  readonly done: readonly DoneEdit[];
  /** Edits that yielded to what was there. */
  readonly yielded: readonly JsonEdit[];
}

/** Makes the edits that are not made yet. A byte order mark stays where it is. @throws TypeError where something on a path is of another kind */
export function applyEdits(text: string, edits: readonly JsonEdit[]): Edited {
  const done: DoneEdit[] = [];
  const yielded: JsonEdit[] = [];
  const edited = withoutMark(text.trim() === '' ? '{}\n' : text, (start) => {
    let json = start;
    for (const edit of edits) {
      const present = valueAt(json, edit.path, edit.key);
      if (isMade(edit, present)) continue;
      if (edit.yields && present !== undefined) {
        yielded.push(edit);
        continue;
      }
      done.push(doneEdit(json, edit, present));
      json = apply(json, edit, present);
    }
    return json;
  });
  return { text: done.length === 0 ? text : edited, done, yielded };
}

export interface Undone {
  /** Null where nothing is left and the file was made by us. */
  readonly text: string | null;
  readonly undone: readonly DoneEdit[];
  /** What the user changed since, and so stays. */
  readonly changed: readonly DoneEdit[];
}

/** Takes edits back, the last first, and leaves what is not as they made it. `wasMade`: the file itself was made for them. */
export function undoEdits(text: string, edits: readonly DoneEdit[], wasMade: boolean): Undone {
  const undone: DoneEdit[] = [];
  const changed: DoneEdit[] = [];
  if (text.trim() === '') return { text, undone, changed };
  const edited = withoutMark(text, (start) => {
    let json = start;
    for (const edit of edits.toReversed()) {
      const result = undo(json, edit);
      if (result === null) continue;
      (result === 'changed' ? changed : undone).push(edit);
      if (result !== 'changed') json = result;
    }
    return json;
  });
  const isEmpty = Object.keys(parsed(edited)).length === 0;
  return { text: isEmpty && wasMade && undone.length > 0 ? null : edited, undone, changed };
}

function apply(json: string, { path, key, value, merges }: JsonEdit, present: unknown): string {
  if (key === undefined) return appendJsonElement(json, path, value);
  const merged = merges && isRecord(present) && isRecord(value) ? { ...present, ...value } : value;
  return setJsonMember(json, path, key, merged);
}

function doneEdit(json: string, { path, key, value, merges }: JsonEdit, present: unknown): DoneEdit {
  const made = path
    .map((_name, index) => path.slice(0, index + 1))
    .filter((way) => valueAt(json, way.slice(0, -1), way.at(-1)) === undefined);
  const before = key === undefined ? null : rawJsonMember(json, path, key);
  const merged = merges && isRecord(present) && isRecord(value) ? { ...present, ...value } : value;
  return {
    path,
    ...(key !== undefined && { key }),
    value: merged,
    ...(before && { before: before.text }),
    made,
  };
}

/** The text without the edit; null where it is not there any more, `changed` where something else stands in its place. */
function undo(json: string, edit: DoneEdit): string | 'changed' | null {
  const { path, key, value, before } = edit;
  const present = valueAt(json, path, key);
  if (present === undefined) return null;
  if (key === undefined) {
    const index = Array.isArray(present) ? present.findIndex((element) => isSame(element, value)) : -1;
    return index < 0 ? null : withoutEmpty(removeJsonElement(json, path, index), edit);
  }
  if (!contains(present, value)) return 'changed';
  if (before !== undefined) return setJsonMember(json, path, key, new RawJson(before));
  return withoutEmpty(removeJsonMember(json, path, key), edit);
}

/** Without the objects and arrays that were made on the way and are empty now, the innermost first. */
function withoutEmpty(json: string, { made }: DoneEdit): string {
  return made.reduceRight<string>((text, way) => {
    const [path, key] = [way.slice(0, -1), way.at(-1) ?? ''];
    const left = valueAt(text, path, key);
    const isEmpty = typeof left === 'object' && left !== null && Object.keys(left).length === 0;
    return isEmpty ? removeJsonMember(text, path, key) : text;
  }, json);
}

function isMade({ key, value, merges, mark }: JsonEdit, present: unknown): boolean {
  if (key === undefined) {
    if (!Array.isArray(present)) return false;
    return present.some((element) => JSON.stringify(element).includes(JSON.stringify(mark ?? value)));
  }
  return merges ? contains(present, value) : isSame(present, value);
}

/** Undefined where there is nothing. Without a key, what stands at the path itself. */
function valueAt(json: string, path: readonly string[], key?: string): unknown {
  let value: unknown = parsed(json);
  for (const name of key === undefined ? path : [...path, key]) {
    value = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value;
}

function withoutMark(text: string, edit: (json: string) => string): string {
  const mark = text.startsWith('\ufeff') ? '\ufeff' : '';
  return mark + edit(text.slice(mark.length));
}

function parsed(json: string): Record<string, unknown> {
  const content: unknown = JSON.parse(json.replace(/^\ufeff/, ''));
  return isRecord(content) ? content : {};
}

/** Whether a value is the expected one, or an object with more in it. */
function contains(present: unknown, expected: unknown): boolean {
  if (!isRecord(present) || !isRecord(expected)) return isSame(present, expected);
  return Object.entries(expected).every(([key, value]) => isSame(present[key], value));
}

function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other);
}
