import { formatTokens } from './format-tokens.ts';
import { formatUsd } from './format-usd.ts';

/** What amounts are in; absent: tokens. */
interface Unit {
  readonly unit?: 'micro-usd';
}

/** An amount in a budget's unit, as a person reads it: `1,234` tokens, or `$0.05`. */
export function bareAmount({ unit }: Unit, amount: number): string {
  return unit === 'micro-usd' ? formatUsd(amount) : formatTokens(amount);
}

/** The same with its unit: `1,234 tokens`, or `$0.05`. */
export function amountText({ unit }: Unit, amount: number): string {
  return unit === 'micro-usd' ? formatUsd(amount) : `${formatTokens(amount)} tokens`;
}
