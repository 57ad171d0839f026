import type { Ledger } from './Ledger.ts';
import type { TokenBudget } from './TokenBudget.ts';

/** Ends the current window of the named budget, or of all, and writes the mirror at once. @throws TeelammaError `state-unwritable` */
export async function resetBudgets(
  { ledger, budget }: { readonly ledger: Ledger; readonly budget: TokenBudget },
  name?: string,
): Promise<void> {
  await ledger.reset(name);
  await budget.save();
}
