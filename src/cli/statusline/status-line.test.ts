import { describe, expect, it } from 'vitest';
import { createStyle } from '../style.ts';
import { parseSessionLimits } from './session-limits.ts';
import { type StatusLineParts, statusLine } from './status-line.ts';

const nowMs = Date.UTC(2026, 0, 5, 12);
const parts: StatusLineParts = {
  session: parseSessionLimits(''),
  budget: { used: 8_000, dailyLimit: 10_000, resetTime: nowMs + 3_600_000 },
  coolDownUntilMs: null,
  nowMs,
  timeZone: 'Europe/Zurich',
  width: 120,
  style: createStyle(false),
};

describe('statusLine', () => {
  it("shows the budget and Claude Code's own limits on the user's clock", () => {
    const session = parseSessionLimits(
      JSON.stringify({
        model: { display_name: 'Opus' },
        context_window: { used_percentage: 8.6 },
        rate_limits: {
          five_hour: { used_percentage: 23.5, resets_at: nowMs / 1_000 + 7_200 },
          seven_day: { used_percentage: 41, resets_at: nowMs / 1_000 + 200_000 },
        },
      }),
    );
    expect(statusLine({ ...parts, session })).toBe(
      'budget ██████░░ 80% 2,000 left, resets 14:00 | 5h 23% until 15:00 | 7d 41% until Wed 20:33 | context 8% | Opus',
    );
  });

  it('says that Ollama serves when the budget is used up, and until when while Claude cools down', () => {
    expect(statusLine({ ...parts, budget: { used: 1, dailyLimit: 1, resetTime: nowMs + 1 } })).toContain(
      'Ollama serves',
    );
    expect(statusLine({ ...parts, coolDownUntilMs: nowMs + 60_000 })).toContain('Ollama serves until 13:01');
    expect(statusLine(parts)).not.toContain('Ollama');
  });

  it('counts nothing of a window that is over', () => {
    const budget = { used: 10_000, dailyLimit: 10_000, resetTime: nowMs };
    expect(statusLine({ ...parts, budget })).toBe('budget ░░░░░░░░ 0% 10,000 left');
  });

  it('says so where there is no budget file, and keeps to the width', () => {
    expect(statusLine({ ...parts, budget: null })).toBe('teelamma: budget not used yet');
    expect(statusLine({ ...parts, width: 20 })).toHaveLength(20);
  });

  it.each([
    '',
    'no json',
    'null',
    '[]',
    '{"model":1,"rate_limits":{"five_hour":{"used_percentage":"a","resets_at":1e99}}}',
  ])('shows the budget whatever stdin says: %s', (text) => {
    expect(statusLine({ ...parts, session: parseSessionLimits(text) })).toBe(statusLine(parts));
  });

  it('lets no control character of a model name through', () => {
    expect(parseSessionLimits('{"model":{"display_name":"a\\u001b[2J\\nb"}}').model).toBe('a[2Jb');
  });
});
