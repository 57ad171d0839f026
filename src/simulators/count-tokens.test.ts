import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countClaudeInput } from './claude/claude-tokens.ts';
import { countTextTokens, countValueTokens } from './count-tokens.ts';

describe('tokens', () => {
  it('of a text are a quarter of its bytes, rounded up', () => {
    expect([
      countTextTokens(''),
      countTextTokens('a'),
      countTextTokens('12345'),
      countTextTokens('é€😀'),
    ]).toEqual([0, 1, 2, 3]);
  });

  it('of an image have an upper end', () => {
    const image = (data: string) => ({
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data },
    });
    const small = countValueTokens(image('aGk='));
    expect(countValueTokens(image('a'.repeat(1_000_000)))).toBe(small - 1 + 1568);
  });

  it('are never above the bytes of what is sent', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(countValueTokens(value)).toBeLessThanOrEqual(Buffer.byteLength(JSON.stringify(value)));
      }),
    );
    const content = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.record({ type: fc.constant('text'), text: fc.string({ unit: 'grapheme' }) })),
    );
    const role = fc.constantFrom('user' as const, 'assistant' as const);
    fc.assert(
      fc.property(
        fc.array(fc.record({ role, content }), { minLength: 1 }),
        fc.string(),
        (messages, system) => {
          const body = { model: 'm', messages, system };
          expect(countClaudeInput(body)).toBeLessThanOrEqual(Buffer.byteLength(JSON.stringify(body)));
        },
      ),
    );
  });
});
