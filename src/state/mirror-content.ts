import { readFileSync } from 'node:fs';

/** What `token_budget.json` says: tokens, or for a budget of money whole micro-dollars. */
export interface MirrorContent {
  /** Tokens settled and held in the current window. */
  readonly used: number;
  /** End of the window, epoch ms. */
  readonly resetTime: number;
  /** The limit, whatever the window's length. */
  readonly dailyLimit: number;
  /** Absent: tokens. */
  readonly unit?: 'micro-usd';
}

/** The content of a budget file for one who only looks: null where it is absent, unreadable or corrupt, and nothing is changed. */
export function readMirror(file: string): MirrorContent | null {
  try {
    return parseMirror(readFileSync(file, 'utf8'));
  } catch {
    // The one who writes the file reports what is wrong with it.
    return null;
  }
}

/** The content of `token_budget.json`; null for anything else. By hand and not with zod: reading three numbers is not worth the time that loading it adds to every start. */
export function parseMirror(text: string): MirrorContent | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null) return null;
  if (!('used' in parsed && 'resetTime' in parsed && 'dailyLimit' in parsed)) return null;
  const { used, resetTime, dailyLimit } = parsed;
  const unit = 'unit' in parsed && parsed.unit === 'micro-usd' ? { unit: 'micro-usd' as const } : {};
  if (!isCount(used) || !isCount(resetTime) || !isCount(dailyLimit)) return null;
  return { used, resetTime, dailyLimit, ...unit };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
