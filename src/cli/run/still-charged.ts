import { formatTokens } from '../../messages/format-tokens.ts';
import type { Handover } from '../../task-events.ts';

/** What to add to the line of a handover whose failed attempt stays charged; else nothing. */
export function stillCharged({ chargedTokens }: Handover): string {
  return chargedTokens === 0 ? '' : ` (${formatTokens(chargedTokens)} tokens stay charged for it)`;
}
