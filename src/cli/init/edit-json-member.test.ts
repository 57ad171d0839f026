import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removeJsonMember, setJsonMember } from './edit-json-member.ts';

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
    expect(() => setJsonMember('{"mcpServers": [1]}', ['mcpServers'], 't', 1)).toThrow(TypeError);
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
