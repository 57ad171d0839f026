import { appendFileSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../../test/support/temporary-home.ts';
import { LogTail } from './LogTail.ts';
import { readEntries } from './read-entries.ts';

let folder: string;
let remove: () => void;
beforeEach(() => {
  const home = temporaryHome();
  folder = join(home.home, 'logs');
  mkdirSync(folder);
  remove = home.remove;
});
afterEach(() => remove());

const file = (day: number, number = 1) => join(folder, `decisions.2026-11-0${day}.00${number}.log`);
const line = (action: string, more: object = {}) =>
  `${JSON.stringify({ level: 'info', time: '2026-11-03T12:00:00.000Z', agent: 'critic', action, input: {}, output: {}, ...more })}\n`;
const actions = (lines: readonly string[]) => lines.map((each) => JSON.parse(each).action);

describe('LogTail', () => {
  it('gives what was added since, whole lines only, in files that were there and in new ones', () => {
    writeFileSync(file(3), line('old'));
    const tail = new LogTail(folder);
    expect(tail.poll()).toEqual([]);
    const [head, rest] = [line('übermäßig').slice(0, 90), line('übermäßig').slice(90)];
    appendFileSync(file(3), line('a') + head);
    expect(actions(tail.poll())).toEqual(['a']);
    appendFileSync(file(3, 2), line('c'));
    appendFileSync(file(4), line('d'));
    appendFileSync(file(3), rest);
    expect(actions(tail.poll())).toEqual(['übermäßig', 'c', 'd']);
    expect(tail.poll()).toEqual([]);
  });

  it('goes on when a file is deleted or emptied', () => {
    writeFileSync(file(2), line('a') + line('b'));
    writeFileSync(file(3), line('c'));
    const tail = new LogTail(folder);
    unlinkSync(file(3));
    writeFileSync(file(2), line('x'));
    expect(actions(tail.poll())).toEqual(['x']);
    writeFileSync(file(3), line('y'));
    expect(actions(tail.poll())).toEqual(['y']);
  });

  it('waits for a folder that is not there yet', () => {
    remove();
    const tail = new LogTail(folder);
    expect(tail.poll()).toEqual([]);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file(3), line('first'));
    expect(actions(tail.poll())).toEqual(['first']);
  });

  it('passes over a line that never ends', () => {
    writeFileSync(file(3), '');
    const tail = new LogTail(folder);
    appendFileSync(file(3), `${'x'.repeat(2_500_000)}\n${line('after')}`);
    expect(actions(tail.poll().slice(-1))).toEqual(['after']);
  });

  it('and readEntries together give every entry once', () => {
    writeFileSync(file(2), line('a'));
    writeFileSync(file(3), line('b') + line('c').slice(0, 20));
    const tail = new LogTail(folder);
    appendFileSync(file(3), line('c').slice(20) + line('d'));
    writeFileSync(file(4), line('e'));
    const before = readEntries(folder, {}, 10, tail.position).entries.map(({ action }) => action);
    expect([...before, ...actions(tail.poll())]).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});

describe('readEntries', () => {
  it('gives the newest that match, newest last, and counts what is no entry', () => {
    writeFileSync(file(2), line('a') + line('b', { agent: 'ollama-specialist', level: 'warn' }));
    writeFileSync(
      file(3),
      `${line('c', { taskId: 'abc-1' })}{"torn\n\n[]\n{"time":"x"}\n${line('d', { level: 'error' })}`,
    );
    const found = (filter: object, limit = 10) =>
      readEntries(folder, filter, limit).entries.map(({ action }) => action);
    expect(found({})).toEqual(['a', 'b', 'c', 'd']);
    expect(readEntries(folder, {}, 10)).toMatchObject({ brokenLines: 3, unreadable: [] });
    expect(found({}, 2)).toEqual(['c', 'd']);
    expect(found({ agent: 'ollama-specialist' })).toEqual(['b']);
    expect(found({ action: 'a' })).toEqual(['a']);
    expect(found({ taskId: 'abc' })).toEqual(['c']);
    expect(found({ level: 'warn' })).toEqual(['b', 'd']);
    expect(found({ sinceMs: Date.parse('2026-11-03T12:00:00.001Z') })).toEqual([]);
    expect(found({ sinceMs: Date.parse('2026-11-03T12:00:00.000Z') })).toEqual(['c', 'd']);
  });

  it('says which file it could not read', () => {
    mkdirSync(file(3));
    writeFileSync(file(2), line('a'));
    const { entries, unreadable } = readEntries(folder, {}, 10);
    expect(entries).toHaveLength(1);
    expect(unreadable).toEqual([expect.stringContaining('EISDIR')]);
  });
});
