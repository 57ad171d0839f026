import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendJsonElement,
  rawJsonMember,
  removeJsonElement,
  removeJsonMember,
  setJsonMember,
} from './edit-json.ts';

const entry = { command: 'teelamma', args: ['mcp'] };

describe('setJsonMember', () => {
  it.each([
    ['{}', '{\n  "mcpServers": {\n    "t": 1\n  }\n}'],
    ['{"a": 1}', '{"a": 1, "mcpServers": {"t":1}}'],
    ['{\n\t"a": [1, 2]\n}\n', '{\n\t"a": [1, 2],\n\t"mcpServers": {\n\t\t"t": 1\n\t}\n}\n'],
    ['{\r\n  "mcpServers": {}\r\n}', '{\r\n  "mcpServers": {\r\n    "t": 1\r\n  }\r\n}'],
    ['{"mcpServers": {"t" : [ 0 ] , "u":2}}', '{"mcpServers": {"t" : 1 , "u":2}}'],
  ])('changes %j where it must and nowhere else', (before, after) => {
    expect(setJsonMember(before, ['mcpServers'], 't', 1)).toBe(after);
  });

  it('says that there is no object', () => {
    expect(() => setJsonMember('{"mcpServers": [1]}', ['mcpServers'], 't', 1)).toThrow(
      new TypeError('"mcpServers" is not an object'),
    );
  });

  const keys = fc.constantFrom('a', 'mcpServers', 'x"y', 'über\\', '', '{', '__proto__x');
  const documents = fc.dictionary(keys, fc.jsonValue(), { maxKeys: 4 });
  const texts = fc
    .tuple(
      documents,
      fc.dictionary(keys, fc.jsonValue(), { maxKeys: 3 }),
      fc.constantFrom(undefined, 1, 2, '\t'),
    )
    .map(([document, servers, indent]) => JSON.stringify({ ...document, mcpServers: servers }, null, indent));

  it('gives the same document with the member in it, whatever else is there', () => {
    fc.assert(
      fc.property(texts, keys, (text, key) => {
        const expected = JSON.parse(text) as Record<string, Record<string, unknown>>;
        const changed = setJsonMember(text, ['mcpServers'], key, entry);
        expect(JSON.parse(changed)).toEqual({
          ...expected,
          mcpServers: { ...expected['mcpServers'], [key]: entry },
        });
      }),
    );
  });

  it('is undone by removeJsonMember, to the last character', () => {
    fc.assert(
      fc.property(texts, (text) => {
        fc.pre(!Object.hasOwn((JSON.parse(text) as { mcpServers: object }).mcpServers, 'teelamma'));
        fc.pre(Object.keys((JSON.parse(text) as { mcpServers: object }).mcpServers).length > 0);
        const changed = setJsonMember(text, ['mcpServers'], 'teelamma', entry);
        expect(removeJsonMember(changed, ['mcpServers'], 'teelamma')).toBe(text);
      }),
    );
  });
});

describe('removeJsonMember', () => {
  it.each([
    ['{"s": {"t": 1}}', '{"s": {}}'],
    ['{"s": {"t": 1, "u": 2}}', '{"s": {"u": 2}}'],
    ['{"s": {"u": 2, "t": {"x": "}"}}}', '{"s": {"u": 2}}'],
    ['{"s": {"u": 2}}', '{"s": {"u": 2}}'],
    ['{"other": 1}', '{"other": 1}'],
  ])('takes the member out of %j', (before, after) => {
    expect(removeJsonMember(before, ['s'], 't')).toBe(after);
  });
});

describe('appendJsonElement', () => {
  it.each([
    ['{"h": {"a": [1, 2]}}', '{"h": {"a": [1, 2, {"t":1}]}}'],
    ['{"h": {"a": []}}', '{"h": {"a": [\n  {\n    "t": 1\n  }\n]}}'],
    [
      '{\n  "h": {\n    "a": [\n      { "x": "]" }\n    ]\n  }\n}',
      '{\n  "h": {\n    "a": [\n      { "x": "]" },\n      {\n        "t": 1\n      }\n    ]\n  }\n}',
    ],
    ['{"x": 1}', '{"x": 1, "h": {"a":[{"t":1}]}}'],
  ])('changes %j where it must and nowhere else', (before, after) => {
    expect(appendJsonElement(before, ['h', 'a'], { t: 1 })).toBe(after);
  });

  it('is undone by removeJsonElement, to the last character, wherever the element stands by then', () => {
    const lists = fc
      .tuple(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 4 }), fc.constantFrom(undefined, 2, '\t'))
      .map(([list, indent]) => JSON.stringify({ h: { a: list } }, null, indent));
    fc.assert(
      fc.property(lists, (text) => {
        const count = (JSON.parse(text) as { h: { a: unknown[] } }).h.a.length;
        const changed = appendJsonElement(text, ['h', 'a'], entry);
        expect((JSON.parse(changed) as { h: { a: unknown[] } }).h.a[count]).toEqual(entry);
        expect(removeJsonElement(changed, ['h', 'a'], count)).toBe(text);
        const later = appendJsonElement(changed, ['h', 'a'], 'later');
        expect(JSON.parse(removeJsonElement(later, ['h', 'a'], count))).toEqual(
          JSON.parse(appendJsonElement(text, ['h', 'a'], 'later')),
        );
      }),
    );
  });

  it('says that there is no list', () => {
    expect(() => appendJsonElement('{"h": {"a": {}}}', ['h', 'a'], 1)).toThrow(
      new TypeError('"h.a" is not a list'),
    );
    expect(() => appendJsonElement('{"h": []}', ['h', 'a'], 1)).toThrow(
      new TypeError('"h" is not an object'),
    );
  });
});

describe('rawJsonMember', () => {
  it('gives back what was replaced, to the last character', () => {
    const text = '{ "s" : { "t":[ 1,2 ] , "u": "x" } }';
    const raw = rawJsonMember(text, ['s'], 't');
    expect(raw?.text).toBe('[ 1,2 ]');
    expect(setJsonMember(setJsonMember(text, ['s'], 't', entry), ['s'], 't', raw)).toBe(text);
    expect(rawJsonMember(text, ['s'], 'none')).toBeNull();
    expect(rawJsonMember(text, ['none'], 't')).toBeNull();
  });
});
