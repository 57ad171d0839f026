import { describe, expect, it } from 'vitest';
import { KeptBytes } from './KeptBytes.ts';

describe('KeptBytes', () => {
  it('gives back what was pushed, over every doubling', () => {
    const kept = new KeptBytes(1_000_000);
    const parts = Array.from({ length: 300 }, (_, index) =>
      Buffer.from(`part ${index} `.repeat(1 + (index % 40))),
    );
    for (const part of parts) kept.push(part);
    expect(kept.toBuffer().equals(Buffer.concat(parts))).toBe(true);
  });

  it('does not hold on to the memory of a chunk', () => {
    const kept = new KeptBytes(100);
    const chunk = Buffer.from('abc');
    kept.push(chunk);
    chunk.fill(0x2e);
    expect(kept.toBuffer().toString()).toBe('abc');
  });

  it('keeps up to the limit, and nothing of what is longer, also not its rest', () => {
    const kept = new KeptBytes(6);
    kept.push(Buffer.from('abcdef'));
    expect(kept.toBuffer().toString()).toBe('abcdef');
    kept.push(Buffer.from('g'));
    kept.push(Buffer.from('h'));
    expect(kept.toBuffer().length).toBe(0);
  });

  it('is empty before anything was pushed, and after it was cleared', () => {
    const kept = new KeptBytes(6);
    expect(kept.toBuffer().length).toBe(0);
    kept.push(Buffer.from('abc'));
    kept.clear();
    expect(kept.toBuffer().length).toBe(0);
  });
});
