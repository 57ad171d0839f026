import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fittingPart } from './result-size.ts';

describe('fittingPart', () => {
  it('leaves a text that fits as it is', () => {
    expect(fittingPart('short\n', 100)).toBe('short\n');
  });

  it('cuts at the end of a line where one is near', () => {
    expect(fittingPart(`${'a'.repeat(60)}\n${'b'.repeat(60)}`, 100)).toBe('a'.repeat(60));
    expect(fittingPart('c'.repeat(200), 100)).toBe('c'.repeat(98));
  });

  it('gives a beginning that fits as JSON, and never half a character', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', '\n', '"', '\t', '🙂', '\u0001', 'ü'),
      maxLength: 300,
    });
    fc.assert(
      fc.property(texts, fc.integer({ min: 20, max: 400 }), (text, room) => {
        const part = fittingPart(text, room);
        expect(text.startsWith(part)).toBe(true);
        if (part !== text) expect(JSON.stringify(part).length).toBeLessThanOrEqual(room);
        expect(part.isWellFormed()).toBe(true);
      }),
    );
  });
});
