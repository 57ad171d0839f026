import { readFileSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { MirrorFile } from './MirrorFile.ts';

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

export interface BudgetMirrorPorts {
  /** The truth, as of the call. */
  readonly content: () => MirrorContent;
  readonly onWarning: (message: string) => void;
}

/**
 * The JSON copy of a budget, and where it is read from. It is written as `MirrorFile` says.
 */
export class BudgetMirror extends MirrorFile<MirrorContent> {
  constructor(options: { readonly file: string }, ports: BudgetMirrorPorts) {
    const isSame = (one: MirrorContent, other: MirrorContent) =>
      one.used === other.used && one.dailyLimit === other.dailyLimit;
    super(options, { ...ports, isSame });
  }

  /** The file's content; null where there is none, where it cannot be read, and where it is corrupt, which sets it aside. */
  async read(nowMs: number): Promise<MirrorContent | null> {
    let text: string;
    try {
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return null;
      this.ports.onWarning(this.unwritable('cannot be read', error).message);
      return null;
    }
    const content = parseMirror(text);
    if (content) return content;
    await this.setAside(nowMs);
    return null;
  }

  private async setAside(nowMs: number): Promise<void> {
    const aside = `${this.file}.corrupt-${new Date(nowMs).toISOString().replaceAll(':', '-')}`;
    try {
      await rename(this.file, aside);
    } catch (error) {
      // Another process that found it corrupt too was quicker.
      if (hasCode(error, 'ENOENT')) return;
      this.ports.onWarning(this.unwritable('is corrupt and cannot be set aside', error).message);
      return;
    }
    this.ports.onWarning(
      `${this.file} was not a valid budget file. It was moved to ${aside} and written anew from the ledger, which has every token; nothing was lost.`,
    );
  }
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

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
