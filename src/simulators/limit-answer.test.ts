import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countTextTokens } from './count-tokens.ts';
import { limitAnswer } from './limit-answer.ts';
import { splitText } from './split-text.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 200 });

describe('an answer that is limited', () => {
  it('is a start of the whole one and within the limit, whatever its text', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), fc.integer({ min: 1, max: 100 }), (texts, maxTokens) => {
        const blocks = texts.map((part) => ({ type: 'text' as const, text: part }));
        const limited = limitAnswer(blocks, maxTokens);
        const kept = limited.blocks.map((block) => (block.type === 'text' ? block.text : ''));
        const whole = texts.reduce((sum, part) => sum + countTextTokens(part), 0);
        expect(texts.join('').startsWith(kept.join(''))).toBe(true);
        expect(limited.isCut).toBe(whole > maxTokens);
        expect(limited.outputTokens).toBe(Math.min(whole, maxTokens));
        expect(kept.reduce((sum, part) => sum + countTextTokens(part), 0)).toBeLessThanOrEqual(maxTokens);
      }),
    );
  });

  it('keeps the incomplete JSON of a tool call that is cut', () => {
    const call = { type: 'tool_use' as const, name: 'run', input: { path: 'a long path' } };
    expect(limitAnswer([call], 3)).toMatchObject({
      blocks: [{ name: 'run', input: {}, inputText: '{"path":' }],
      outputTokens: 3,
      isCut: true,
    });
  });

  it('drops a tool call of which not even the name fits', () => {
    const call = { type: 'tool_use' as const, name: 'run', input: {} };
    expect(limitAnswer([{ type: 'text', text: 'abcd' }, call], 2).blocks).toHaveLength(1);
  });
});

describe('the pieces of a text', () => {
  it('make up the text again and never split a character', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 30 }), (whole, size) => {
        const pieces = splitText(whole, size);
        expect(pieces.join('')).toBe(whole);
        expect(
          pieces.every((piece) => piece.isWellFormed() && piece.length <= size + 1 && piece !== ''),
        ).toBe(true);
      }),
    );
  });
});
