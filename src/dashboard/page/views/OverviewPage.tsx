import { useState } from 'preact/hooks';
import { bareAmount } from '../../../messages/format-amount.ts';
import type {
  BudgetView,
  BurnDownDocument,
  DecisionsDocument,
  OverviewDocument,
  SavingsDocument,
  UsageDocument,
} from '../../api/api-types.ts';
import { apiPath } from '../api-path.ts';
import { BurnDownChart } from '../charts/BurnDownChart.tsx';
import { compact, usd, whole } from '../format.ts';
import { useData } from '../live/use-data.ts';
import { AlertList } from '../parts/AlertList.tsx';
import { BudgetCard } from '../parts/BudgetCard.tsx';
import { DecisionList } from '../parts/DecisionList.tsx';
import { forecastText } from '../parts/forecast-text.ts';
import { Link } from '../parts/Link.tsx';
import { Panel } from '../parts/Panel.tsx';
import { Problem } from '../parts/Problem.tsx';
import { Stat } from '../parts/Stat.tsx';
import { type Place, setFilter, withFilters } from '../router.ts';

/** Shown in full; more, such as one for each of many users, are left to `teelamma budget`. */
const mostCards = 12;

/** What is left, how it goes on, and what was decided just now. */
export function OverviewPage({ place }: { readonly place: Place }) {
  const { data, problem } = useData<OverviewDocument>('overview');
  const [said, setSaid] = useState<readonly string[]>([]);
  if (!data) return <Problem text={problem} />;
  const chosen = data.budgets.find(({ id }) => id === place.query.get('budget')) ?? data.budgets[0];
  const hidden = data.budgets.length - mostCards;
  return (
    <>
      <Problem text={problem} />
      <div role="status">
        {said.map((sentence) => (
          <p key={sentence} class="notice tone-good">
            {sentence}
          </p>
        ))}
      </div>
      <AlertList alerts={data.alerts} />
      <div class={`budgets ${data.budgets.length === 1 ? 'budgets-one' : ''}`}>
        {data.budgets.slice(0, mostCards).map((budget) => (
          <BudgetCard key={budget.id} budget={budget} onChange={setSaid} />
        ))}
        {data.budgets.length === 1 && chosen && <BurnDown budget={chosen} budgets={data.budgets} />}
      </div>
      {hidden > 0 && <p class="muted">{hidden} more budgets: `teelamma budget` shows them all.</p>}
      {data.budgets.length > 1 && chosen && <BurnDown budget={chosen} budgets={data.budgets} />}
      <Figures debt={data.debt} place={place} />
      <Recent place={place} />
    </>
  );
}

interface BurnDownProps {
  readonly budget: BudgetView;
  readonly budgets: readonly BudgetView[];
}

function BurnDown({ budget, budgets }: BurnDownProps) {
  const path = `burn-down?${new URLSearchParams({ budget: budget.id })}`;
  const { data, problem } = useData<BurnDownDocument>(path, { gapMs: 1_000 });
  const choice = budgets.length > 1 && (
    <label class="filter spread">
      <span class="unseen">Budget</span>
      <select value={budget.id} onChange={(event) => setFilter('budget', event.currentTarget.value)}>
        {budgets.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
  const label = data
    ? `What is left of the window of ${budget.title}: ${bareAmount(budget, budget.remaining)} of ${bareAmount(budget, budget.limit)}. ${forecastText(budget, data.forecast, data.nowMs)}.`
    : '';
  return (
    <Panel title="Left in this window" aside={choice} class="burn-down">
      <Problem text={problem} />
      {data && (
        <>
          <ul class="legend">
            <li>
              <span class="line-swatch" aria-hidden="true" /> left
            </li>
            <li>
              <span class="line-swatch line-dashed" aria-hidden="true" /> at this pace, and its spread
            </li>
            <li>
              <span class="line-swatch line-threshold" aria-hidden="true" /> thresholds
            </li>
          </ul>
          <BurnDownChart burnDown={data} label={label} />
        </>
      )}
    </Panel>
  );
}

interface FiguresProps {
  readonly debt: OverviewDocument['debt'];
  readonly place: Place;
}

/** The last 24 hours and 30 days in a few figures. */
function Figures({ debt, place }: FiguresProps) {
  const day = useData<UsageDocument>(apiPath('usage', place, [], { period: '24h', by: 'agent' }), {
    gapMs: 2_000,
  });
  const month = useData<SavingsDocument>(apiPath('savings', place, [], { period: '30d' }), { gapMs: 5_000 });
  const of = (agent: string) => day.data?.groups.find(({ key }) => key === agent);
  const [claude, ollama] = [of('claude-specialist'), of('ollama-specialist')];
  const callsOf = (turns: number | undefined) => `${whole(turns ?? 0)} calls in 24 hours`;
  return (
    <dl class="stats">
      <Stat
        label="Claude, tokens"
        value={day.data ? compact(claude?.tokens ?? 0) : '…'}
        note={callsOf(claude?.turns)}
        tone="claude"
      />
      <Stat
        label="Ollama, tokens"
        value={day.data ? compact(ollama?.tokens ?? 0) : '…'}
        note={callsOf(ollama?.turns)}
        tone="ollama"
      />
      <Stat
        label="Ollama saved, 30 days"
        value={month.data?.summedSinceMs === null ? usd(month.data.total.savedUsd) : '…'}
        note={
          month.data?.summedSinceMs === null
            ? `${compact(month.data.total.tokens)} tokens, at ${month.data.pricedAs}`
            : month.data && 'still adding up'
        }
        tone="good"
      />
      <Stat
        label="Review debt"
        value={whole(debt.count)}
        note={
          <Link href={withFilters('/dashboard/ollama', place)}>
            {debt.unreviewed === 0 ? 'nothing to review' : `${whole(debt.unreviewed)} not reviewed`}
          </Link>
        }
        {...(debt.unreviewed > 0 && { tone: 'warn' as const })}
      />
    </dl>
  );
}

function Recent({ place }: { readonly place: Place }) {
  const { data, problem } = useData<DecisionsDocument>('decisions?period=all&limit=8');
  const all = (
    <Link href={withFilters('/dashboard/decisions', place)} class="spread">
      All decisions
    </Link>
  );
  return (
    <Panel title="Latest decisions" aside={all}>
      <Problem text={problem} />
      {data && data.decisions.length === 0 && (
        <p class="empty">
          Nothing was decided yet. <code>teelamma run "Explain what a mutex is"</code> is a beginning.
        </p>
      )}
      {data && <DecisionList decisions={data.decisions} />}
    </Panel>
  );
}
