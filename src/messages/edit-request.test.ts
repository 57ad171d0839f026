import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asClaudeTakesIt, withMaxTokens, withoutForeignThinking } from './edit-request.ts';
import type { MessagesRequest } from './types.ts';

describe('withMaxTokens', () => {
  it('changes that number and no other byte', () => {
    const body = '{ "a":{"max_tokens":1},"max_tokens" : 128000 ,"t":"\\"max_tokens\\":5","é":[1.0,2e3]}';
    expect(withMaxTokens(Buffer.from(body), 77).toString()).toBe(body.replace('128000', '77'));
  });

  it('changes every one of them where a body has several, also under an escaped name', () => {
    const body = Buffer.from('{"max_tokens":1,"max\\u005ftokens":2}');
    expect(withMaxTokens(body, 9).toString()).toBe('{"max_tokens":9,"max\\u005ftokens":9}');
  });

  it('keeps every other value of any object, however it was written', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(0, 1, '\t'),
        fc.nat(),
        (fields, space, tokens) => {
          const value = { ...fields, max_tokens: 5, after: fields };
          const edited = withMaxTokens(Buffer.from(JSON.stringify(value, null, space)), tokens);
          expect(JSON.parse(edited.toString())).toEqual(
            JSON.parse(JSON.stringify({ ...value, max_tokens: tokens })),
          );
        },
      ),
    );
  });
});

describe('withoutForeignThinking', () => {
  const foreign = '{"type":"thinking","thinking":"a \\"]}","signature":""}';
  const signed = '{"type":"thinking","thinking":"b","signature":"sig"}';
  const text = '{ "type":"text", "text":"c" }';
  const bodyOf = (...contents: string[]) =>
    `{"messages": [{"role":"user","content":"x"}${contents.map((c) => `, {"content":${c},"role":"assistant"}`).join('')}], "max_tokens":1}`;
  const strip = (body: string) =>
    withoutForeignThinking(Buffer.from(body), JSON.parse(body) as MessagesRequest).toString();

  it('leaves out what Claude did not sign, and keeps the bytes of everything else', () => {
    expect(strip(bodyOf(`[ ${foreign} , ${signed}, ${text}]`, `"plain"`, `[${text},${foreign}]`))).toBe(
      bodyOf(`[${signed},${text}]`, `"plain"`, `[${text}]`),
    );
  });

  it('keeps the place of a message that held nothing else', () => {
    const stripped = JSON.parse(strip(bodyOf(`[${foreign}]`))) as MessagesRequest;
    expect(stripped.messages[1]?.content).toMatchObject([{ type: 'text' }]);
  });

  it('finds nothing to leave out in a conversation of Claude', () => {
    const body = Buffer.from(bodyOf(`[${signed},${text}]`));
    expect(asClaudeTakesIt(body, JSON.parse(body.toString()) as MessagesRequest)).toBe(body);
  });
});
