/** What Claude Code says of its session: https://docs.claude.com/en/docs/claude-code/statusline. Each field may be missing. */
export interface SessionLimits {
  readonly model: string | null;
  readonly contextPercent: number | null;
  readonly limits: readonly SessionLimit[];
}

interface SessionLimit {
  readonly name: '5h' | '7d';
  readonly usedPercent: number;
  /** Epoch ms; null where it is not said. */
  readonly resetAtMs: number | null;
}

/** Reads Claude Code's JSON; what is missing, of another type or no JSON at all is left out. */
export function parseSessionLimits(text: string): SessionLimits {
  const session = parse(text);
  const rates = member(session, 'rate_limits');
  const model = member(member(session, 'model'), 'display_name');
  return {
    model: typeof model === 'string' && model !== '' ? printable(model) : null,
    contextPercent: numberOf(member(member(session, 'context_window'), 'used_percentage')),
    limits: [...limit('5h', member(rates, 'five_hour')), ...limit('7d', member(rates, 'seven_day'))],
  };
}

function limit(name: SessionLimit['name'], value: unknown): SessionLimit[] {
  const usedPercent = numberOf(member(value, 'used_percentage'));
  if (usedPercent === null) return [];
  const resetSeconds = numberOf(member(value, 'resets_at'));
  return [{ name, usedPercent, resetAtMs: resetSeconds === null ? null : resetSeconds * 1_000 }];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

/** Above 8.64e12 seconds no date exists. */
function numberOf(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value <= 8.64e12 ? value : null;
}

/** Without control characters, which could move the cursor or break the line. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '');
}
