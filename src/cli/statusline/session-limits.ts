/**
 * What Claude Code says of its session on the stdin of a status line, as 2.1 sends it: https://code.claude.com/docs/en/statusline. Each
 * field may be missing.
 */
export interface SessionLimits {
  readonly model: string | null;
  /** As the API names it. */
  readonly modelId: string | null;
  /** Where the session was started. */
  readonly projectFolder: string | null;
  readonly contextPercent: number | null;
  readonly limits: readonly SessionLimit[];
}

export interface SessionLimit {
  /** `5h`, `7d`: of a subscription. `spend`: what an organization's member may spend. */
  readonly name: string;
  readonly usedPercent: number;
  /** Epoch ms; null where it is not said. */
  readonly resetAtMs: number | null;
}

const limitNames = { five_hour: '5h', seven_day: '7d', spend_limit: 'spend' } as const;

/** Reads Claude Code's JSON; what is missing, of another type or no JSON at all is left out. */
export function parseSessionLimits(text: string): SessionLimits {
  const session = parse(text);
  const rates = member(session, 'rate_limits');
  const model = member(session, 'model');
  const workspace = member(session, 'workspace');
  return {
    model: textOf(member(model, 'display_name')),
    modelId: textOf(member(model, 'id')),
    projectFolder: textOf(member(workspace, 'project_dir')) ?? textOf(member(session, 'cwd')),
    contextPercent: numberOf(member(member(session, 'context_window'), 'used_percentage')),
    limits: Object.entries(limitNames).flatMap(([key, name]) => limit(name, member(rates, key))),
  };
}

function limit(name: string, value: unknown): SessionLimit[] {
  const usedPercent = numberOf(member(value, 'used_percentage'));
  if (usedPercent === null) return [];
  const resetSeconds = numberOf(member(value, 'resets_at'));
  return [{ name, usedPercent, resetAtMs: resetSeconds === null ? null : resetSeconds * 1_000 }];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
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
function textOf(value: unknown): string | null {
  const text = typeof value === 'string' ? value.replace(/\p{Cc}/gu, '') : '';
  return text === '' ? null : text;
}
