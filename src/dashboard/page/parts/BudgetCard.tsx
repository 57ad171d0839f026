import { useState } from 'preact/hooks';
import { amountText, bareAmount } from '../../../messages/format-amount.ts';
import { formatCountdown } from '../../../messages/format-countdown.ts';
import type { BudgetView } from '../../api/api-types.ts';
import { fullMoment, moment } from '../format.ts';
import { useNow } from '../live/use-now.ts';
import { forecastText } from './forecast-text.ts';
import { Gauge } from './Gauge.tsx';
import { LimitDialog } from './LimitDialog.tsx';
import { ResetDialog } from './ResetDialog.tsx';

interface BudgetCardProps {
  readonly budget: BudgetView;
  /** Told what was changed, in sentences. */
  readonly onChange: (sentences: readonly string[]) => void;
}

/** One budget: what is left, what is used and held, when it resets, and when it ends at this pace. */
export function BudgetCard({ budget, onChange }: BudgetCardProps) {
  const [open, setOpen] = useState<'limit' | 'reset' | null>(null);
  const { title, limit, settled, held, remaining, overdraft, windowText, limitsOnly } = budget;
  const percent = Math.floor(((settled + held) / limit) * 100);
  const close = () => setOpen(null);
  return (
    <article class="panel budget" aria-label={`Budget ${title}`}>
      <header class="panel-head">
        <h2>{title}</h2>
        {budget.isBinding && <span class="badge spread">has the least left</span>}
        <p class="budget-limit muted">
          {amountText(budget, limit)} per {windowText}
          {limitsOnly === null ? '' : `, ${limitsOnly} only`}
        </p>
      </header>
      <p class="budget-left">
        <strong>{bareAmount(budget, remaining)}</strong>
        <span>{budget.unit ? ' left' : ' tokens left'}</span>
        <span class="spread muted">{percent}%</span>
      </p>
      <Gauge budget={budget} />
      <dl class="budget-parts">
        <Part swatch="used" label="Used" value={bareAmount(budget, settled)} />
        <Part swatch="held" label="Held" value={bareAmount(budget, held)} />
        <Part swatch="left" label="Left" value={bareAmount(budget, remaining)} />
        {overdraft > 0 && <Part swatch="over" label="Overdraft" value={bareAmount(budget, overdraft)} />}
      </dl>
      <Reset budget={budget} />
      <div class="buttons">
        {budget.mayChangeLimit && (
          <button type="button" onClick={() => setOpen('limit')}>
            Change the limit…
          </button>
        )}
        <button type="button" onClick={() => setOpen('reset')} disabled={budget.windowStartMs === null}>
          Reset…
        </button>
      </div>
      {open === 'limit' && <LimitDialog budget={budget} onClose={close} onDone={onChange} />}
      {open === 'reset' && <ResetDialog budget={budget} onClose={close} onDone={onChange} />}
    </article>
  );
}

/** Ticks by itself, so that the rest of the card need not be drawn every second. */
function Reset({ budget }: { readonly budget: BudgetView }) {
  const nowMs = useNow();
  const { windowStartMs, resetAtMs, forecast } = budget;
  return (
    <div class="budget-reset">
      {windowStartMs !== null && (
        <p>
          Resets in <strong class="figures">{formatCountdown(resetAtMs - nowMs)}</strong>{' '}
          <time dateTime={new Date(resetAtMs).toISOString()} title={fullMoment(resetAtMs)} class="muted">
            ({moment(resetAtMs, nowMs)})
          </time>
        </p>
      )}
      <p class={forecast.verdict === 'ends' || forecast.verdict === 'exhausted' ? 'tone-warn' : 'muted'}>
        {forecastText(budget, forecast, nowMs)}.
      </p>
    </div>
  );
}

interface PartProps {
  readonly swatch: 'used' | 'held' | 'left' | 'over';
  readonly label: string;
  readonly value: string;
}

function Part({ swatch, label, value }: PartProps) {
  return (
    <div>
      <dt>
        <span class={`swatch part-${swatch}`} aria-hidden="true" />
        {label}
      </dt>
      <dd class="figures">{value}</dd>
    </div>
  );
}
