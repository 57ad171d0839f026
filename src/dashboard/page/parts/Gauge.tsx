import { amountText } from '../../../messages/format-amount.ts';
import type { BudgetView } from '../../api/api-types.ts';

/** How much of a budget is used and held, with its thresholds as marks. */
export function Gauge({ budget }: { readonly budget: BudgetView }) {
  const { limit, settled, held, thresholdsPercent, title } = budget;
  const share = (amount: number) => Math.min(100, (amount / limit) * 100);
  const usedPercent = share(settled);
  const heldPercent = Math.min(100 - usedPercent, share(held));
  const tone = toneOf(budget);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <meter> shows one value, and this shows used and held
    <div
      class={`gauge gauge-${tone}`}
      role="meter"
      aria-label={`${title}: used and held`}
      aria-valuemin={0}
      aria-valuemax={limit}
      aria-valuenow={Math.min(limit, settled + held)}
      aria-valuetext={`${amountText(budget, settled)} used and ${amountText(budget, held)} held of ${amountText(budget, limit)}`}
    >
      <div class="gauge-used" style={{ width: `${usedPercent}%` }} />
      <div class="gauge-held" style={{ left: `${usedPercent}%`, width: `${heldPercent}%` }} />
      {thresholdsPercent
        .filter((percent) => percent < 100)
        .map((percent) => (
          <div key={percent} class="gauge-mark" style={{ left: `${percent}%` }} />
        ))}
    </div>
  );
}

/** By the thresholds that are reached. */
function toneOf({ settled, held, limit, thresholdsPercent, exhausted }: BudgetView): 'good' | 'warn' | 'bad' {
  const percent = ((settled + held) / limit) * 100;
  if (exhausted || percent >= (thresholdsPercent.filter((one) => one < 100).at(-1) ?? 100)) return 'bad';
  return percent >= (thresholdsPercent[0] ?? 100) ? 'warn' : 'good';
}
