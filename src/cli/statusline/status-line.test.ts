import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { OverviewBudget } from '../../state/budget-overview.ts';
import { createStyle } from '../style.ts';
import { parseSessionLimits } from './session-limits.ts';
import { type StatusLineParts, statusLine } from './status-line.ts';

const nowMs = Date.UTC(2026, 0, 5, 12);
const usual: OverviewBudget = {
  name: 'default',
  limit: 10_000,
  settled: 5_000,
  held: 3_000,
  resetAtMs: nowMs + 3_600_000,
  thresholdsPercent: [75, 90, 100],
};
const parts: StatusLineParts = {
  budgets: [usual],
  limits: [],
  contextPercent: null,
  model: null,
  coolDownUntilMs: null,
  nowMs,
  // Zurich in winter.
  localTime: (atMs) => {
    const date = new Date(atMs + 3_600_000);
    return { weekday: date.getUTCDay(), hour: date.getUTCHours(), minute: date.getUTCMinutes() };
  },
  width: 120,
  style: createStyle(false),
};
const session = parseSessionLimits(
  JSON.stringify({
    model: { id: 'claude-opus-5-5', display_name: 'Opus' },
    workspace: { project_dir: '/home/me/web' },
    context_window: { used_percentage: 8.6 },
    rate_limits: {
      five_hour: { used_percentage: 23.5, resets_at: nowMs / 1_000 + 7_200 },
      seven_day: { used_percentage: 41, resets_at: nowMs / 1_000 + 200_000 },
      spend_limit: { used_percentage: 12, used_usd: 6, limit_usd: 50 },
    },
  }),
);

describe('statusLine', () => {
  it("shows the budget with what is held, and Claude Code's own limits, on the user's clock", () => {
    expect(statusLine({ ...parts, ...session, width: 140 })).toBe(
      'budget ████▒▒░░ 80% 2,000 left, resets 14:00 | 5h 23% until 15:00 | 7d 41% until Wed 20:33 | spend 12% | context 8% | Opus',
    );
  });

  it('shows every budget, the one that is used most first', () => {
    const week: OverviewBudget = {
      ...usual,
      name: 'week',
      unit: 'micro-usd',
      limit: 20_000_000,
      settled: 19_000_000,
      held: 0,
    };
    const web: OverviewBudget = {
      ...usual,
      name: 'team',
      settled: 0,
      each: { part: 'project', value: 'web' },
    };
    expect(statusLine({ ...parts, budgets: [usual, web, week] })).toBe(
      'week ███████░ 95% $1.00 left, resets 14:00 | budget 80% | team (project: web) 30%',
    );
  });

  it('colours by the thresholds of each budget', () => {
    const style = createStyle(true);
    const colorAt = (used: number, thresholdsPercent = [75, 90, 100]) => {
      const budget = { ...usual, settled: used, held: 0, thresholdsPercent };
      const line = statusLine({ ...parts, budgets: [budget], style });
      return (['red', 'yellow', 'green'] as const).find((color) =>
        line.includes(style[color](`${used / 100}%`)),
      );
    };
    expect([7_400, 7_500, 9_000].map((used) => colorAt(used))).toEqual(['green', 'yellow', 'red']);
    expect([4_900, 5_000, 9_900, 10_000].map((used) => colorAt(used, [50]))).toEqual([
      'green',
      'yellow',
      'yellow',
      'red',
    ]);
  });

  it('says that Ollama serves when a budget is used up, and until when while Claude cools down', () => {
    const gone = { ...usual, settled: 10_000 };
    expect(statusLine({ ...parts, budgets: [gone] })).toContain('Ollama serves');
    expect(statusLine({ ...parts, coolDownUntilMs: nowMs + 60_000 })).toContain('Ollama serves until 13:01');
    expect(statusLine(parts)).not.toContain('Ollama');
  });

  it('keeps to any width, and tells of our budget to the last', () => {
    const shown = (width: number) => statusLine({ ...parts, ...session, width, style: createStyle(true) });
    for (let width = 10; width < 140; width += 1) {
      expect(stripVTControlCharacters(shown(width)).length).toBeLessThanOrEqual(width);
    }
    expect([80, 40, 20, 10].map((width) => stripVTControlCharacters(shown(width)))).toEqual([
      'budget ████▒▒░░ 80% 2,000 left | 5h 23% | 7d 41% | spend 12%',
      'budget 80% 2,000 left',
      '80% 2,000 left',
      '80% 2,000…',
    ]);
  });

  it('says so where no budget was used yet', () => {
    expect(statusLine({ ...parts, budgets: null })).toBe('teelamma: budget not used yet');
  });
});

describe('parseSessionLimits', () => {
  const nothing = { model: null, modelId: null, projectFolder: null, contextPercent: null, limits: [] };

  it.each([
    '',
    'no json',
    'null',
    '[]',
    '{"model":1,"workspace":[],"rate_limits":{"five_hour":{"used_percentage":"a","resets_at":1e99}}}',
  ])('leaves out what is not there: %s', (text) => {
    expect(parseSessionLimits(text)).toEqual(nothing);
  });

  it('lets no control character of a name through', () => {
    expect(parseSessionLimits('{"model":{"display_name":"a\\u001b[2J\\nb"}}').model).toBe('a[2Jb');
    expect(session).toMatchObject({ modelId: 'claude-opus-5-5', projectFolder: '/home/me/web' });
  });
});
