import { createReadStream, existsSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { TurnRecord } from '../state/Ledger.ts';

/**
 * What a process notes beside the ledger, to be compared with it after the process was killed. `sent`: the provider has the turn and
 * charges `tokens` for it; `settled`: the ledger acknowledged a settle with that charge.
 */
export interface JournalLine {
  readonly what: 'sent' | 'settled';
  readonly turnId: string;
  readonly tokens: number;
}

/** A turn as the ledger has it. */
export type StoredTurn = Pick<TurnRecord, 'turnId' | 'state' | 'heldTokens' | 'chargedTokens'>;

export interface JournalReport {
  /** Turns that the provider charged. */
  readonly sentTurns: number;
  /** What it charged for them, in all. */
  readonly providerTokens: number;
  /** Settles that were acknowledged; none may be missing. */
  readonly acknowledgedSettles: number;
  readonly problems: readonly string[];
}

/** Written to the kernel at once: a killed process loses none of it. */
export function noteInJournal(descriptor: number, line: JournalLine): void {
  writeSync(descriptor, `${JSON.stringify(line)}\n`);
}

/**
 * Compares journals with the ledger. An acknowledged settle must be there as it was acknowledged; a turn that was sent must be charged, or
 * held, for at least what the provider charged.
 */
export async function compareJournals(
  files: readonly string[],
  turns: ReadonlyMap<string, StoredTurn>,
): Promise<JournalReport> {
  const report = { sentTurns: 0, providerTokens: 0, acknowledgedSettles: 0, problems: [] as string[] };
  for (const file of files.filter(existsSync)) {
    for await (const text of createInterface({ input: createReadStream(file) })) {
      // A kill may cut the last line; what it would have said is not claimed.
      if (!text.endsWith('}')) continue;
      const { what, turnId, tokens } = JSON.parse(text) as JournalLine;
      const turn = turns.get(turnId);
      if (what === 'settled') {
        report.acknowledgedSettles += 1;
        if (turn?.state !== 'settled' || turn.chargedTokens !== tokens)
          report.problems.push(
            `the settle of ${turnId} with ${tokens} tokens was lost: the ledger has ${describe(turn)}`,
          );
      } else {
        report.sentTurns += 1;
        report.providerTokens += tokens;
        if (coveredTokens(turn) < tokens)
          report.problems.push(
            `${turnId} was sent and used ${tokens} tokens, but the ledger has ${describe(turn)}`,
          );
      }
    }
  }
  return report;
}

function coveredTokens(turn: StoredTurn | undefined): number {
  if (turn === undefined || turn.state === 'released') return -1;
  return turn.state === 'in-flight' ? turn.heldTokens : turn.chargedTokens;
}

function describe(turn: StoredTurn | undefined): string {
  return turn ? `it ${turn.state}, ${turn.chargedTokens} charged, ${turn.heldTokens} held` : 'no such turn';
}
