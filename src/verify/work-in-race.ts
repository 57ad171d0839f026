import { noUsage } from '../messages/token-usage.ts';
import type { Ledger } from '../state/Ledger.ts';

/** What one process of a race was told by the ledger. */
export interface RaceResult {
  readonly granted: number;
  readonly refused: number;
  readonly settledTokens: number;
  readonly heldTokens: number;
}

/** Makes reservations one after the other; keeps, settles or closes each at random. */
export async function workInRace(
  ledger: Ledger,
  reservations: number,
  random: () => number,
): Promise<RaceResult> {
  const result = { granted: 0, refused: 0, settledTokens: 0, heldTokens: 0 };
  for (let n = 0; n < reservations; n += 1) {
    const atLeastTokens = 1 + Math.floor(random() * 200);
    const fate = random();
    const firstTurn = fate < 0.4 ? { firstTurn: { model: 'claude' } } : {};
    const reserved = await ledger.reserve({ taskId: 't', kind: 'complex', atLeastTokens, ...firstTurn });
    if (!reserved.granted) {
      result.refused += 1;
      continue;
    }
    result.granted += 1;
    const { id } = reserved.reservation;
    if (reserved.firstTurn) {
      const usage = { ...noUsage, outputTokens: Math.floor(random() * (atLeastTokens + 1)) };
      const [settled] = await Promise.all([
        ledger.settleTurn(reserved.firstTurn.turnId, { kind: 'usage', usage }),
        ledger.close(id),
      ]);
      result.settledTokens += settled.chargedTokens;
    } else if (fate < 0.7) await ledger.close(id);
    else result.heldTokens += atLeastTokens;
  }
  return result;
}
