import { describe, expect, it } from 'vitest';
import { decisionLine } from './decision-line.ts';

const same = (text: string) => text;
const errorStyle = { dim: same, green: same, yellow: same, red: same } as unknown as Parameters<
  typeof decisionLine
>[1]['errorStyle'];

describe('decisionLine', () => {
  it('is one line that steers no terminal, whatever model a client names', () => {
    const line = decisionLine(
      {
        atMs: 0,
        model: 'a\u001b[2Jb\nc',
        agent: 'none',
        reason: 'Claude said\u0007\nno',
        from: null,
        heldTokens: 0,
        maxTokens: null,
        inputTokens: null,
        outputTokens: null,
        remainingTokens: 5,
        durationMs: 1,
        key: null,
      },
      { errorStyle },
    );
    expect(line).toMatch(/^00:00:00 a\[2Jb c nobody: Claude said no \(5 left, 1 ms\)$/);
  });
});
