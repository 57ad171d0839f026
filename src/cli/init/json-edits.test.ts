import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits, type JsonEdit, undoEdits } from './json-edits.ts';

const server = { type: 'stdio', command: 'teelamma', args: ['mcp'] };
const serverEdit: JsonEdit = { path: ['mcpServers'], key: 'teelamma', value: server, merges: true };
const lineEdit: JsonEdit = { path: [], key: 'statusLine', value: { command: 'ours' }, yields: true };
const hookEdit: JsonEdit = {
  path: ['hooks', 'Stop'],
  value: { hooks: [{ command: 'teelamma hook', timeout: 5 }] },
  mark: 'teelamma hook',
};
const all = [serverEdit, lineEdit, hookEdit];

describe('applyEdits', () => {
  it('makes a document of nothing, and nothing is left of it when they are undone', () => {
    const { text, done } = applyEdits('', all);
    expect(JSON.parse(text)).toEqual({
      mcpServers: { teelamma: server },
      statusLine: { command: 'ours' },
      hooks: { Stop: [hookEdit.value] },
    });
    expect(applyEdits(text, all)).toEqual({ text, done: [], yielded: [] });
    expect(undoEdits(text, done, true).text).toBeNull();
    expect(undoEdits(text, done, false).text).toBe('{}\n');
  });

  it("keeps what a user added to the server's entry, and a hook of ours in another form", () => {
    const own = `{"mcpServers": {"teelamma": {"command": "old", "env": {"A": "1"}}}, "hooks": {"Stop": [{"hooks": [{"command": "teelamma hook"}]}]}}`;
    const { text, done } = applyEdits(own, all);
    expect(JSON.parse(text)).toMatchObject({ mcpServers: { teelamma: { ...server, env: { A: '1' } } } });
    expect(done.map(({ key }) => key)).toEqual(['teelamma', 'statusLine']);
    expect(undoEdits(text, done, false).text).toBe(own);
  });

  it('yields to another status line, or puts it back to the last character', () => {
    const own = '{ "statusLine":{ "command" : "mine" } }';
    expect(applyEdits(own, [lineEdit])).toEqual({ text: own, done: [], yielded: [lineEdit] });
    const { text, done } = applyEdits(own, [{ ...lineEdit, yields: false }]);
    expect(JSON.parse(text)).toEqual({ statusLine: { command: 'ours' } });
    expect(undoEdits(text, done, false).text).toBe(own);
  });

  it('leaves a byte order mark where it is', () => {
    const { text, done } = applyEdits('\ufeff{"x": 1}', all);
    expect(text.startsWith('\ufeff{"x": 1, "mcpServers"')).toBe(true);
    expect(undoEdits(text, done, false).text).toBe('\ufeff{"x": 1}');
  });

  it('says where something of another kind is in the way', () => {
    for (const text of ['{"mcpServers": []}', '{"hooks": {"Stop": {}}}', '{"hooks": 1}']) {
      expect(() => applyEdits(text, all)).toThrow(TypeError);
    }
  });
});

describe('undoEdits', () => {
  const documents = fc
    .tuple(
      fc.dictionary(fc.constantFrom('a', 'env', 'model', 'über'), fc.jsonValue(), { minKeys: 1 }),
      fc.dictionary(fc.constantFrom('git', 'x"y'), fc.jsonValue(), { minKeys: 1 }),
      fc.array(fc.jsonValue(), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(undefined, 2, '\t'),
    )
    .map(([rest, mcpServers, Stop, indent]) =>
      JSON.stringify({ ...rest, mcpServers, hooks: { Stop } }, null, indent),
    );

  it('gives back any document to the last character', () => {
    fc.assert(
      fc.property(documents, (text) => {
        const { text: after, done } = applyEdits(text, all);
        expect(done).toHaveLength(3);
        expect(undoEdits(after, done, false).text).toBe(text);
      }),
    );
  });

  it('takes ours out of a document that was edited meanwhile, and leaves what is not as we made it', () => {
    const { text, done } = applyEdits('{\n  "model": "opus"\n}\n', all);
    const edited = text
      .replace('"model": "opus"', '"model": "sonnet",\n  "hooksOff": true')
      .replace('"Stop": [', '"Stop": [\n      { "hooks": [] },')
      .replace('"ours"', '"mine"')
      .replace('"command": "teelamma",', '"command": "teelamma",\n      "env": {},');
    const result = undoEdits(edited, done, true);
    expect(JSON.parse(result.text ?? '')).toEqual({
      model: 'sonnet',
      hooksOff: true,
      statusLine: { command: 'mine' },
      hooks: { Stop: [{ hooks: [] }] },
    });
    expect(result.changed.map(({ key }) => key)).toEqual(['statusLine']);
    expect(undoEdits('{"x": 1}', done, true)).toEqual({ text: '{"x": 1}', undone: [], changed: [] });
    expect(undoEdits('', done, true)).toEqual({ text: '', undone: [], changed: [] });
  });
});
