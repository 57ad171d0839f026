import type { DebtsDocument, DebtView, SavingsDocument } from '../../api/api-types.ts';
import { apiPath } from '../api-path.ts';
import { StackedBars } from '../charts/StackedBars.tsx';
import { agentName, compact, usd, whole } from '../format.ts';
import { useData } from '../live/use-data.ts';
import { OutcomeBadge } from '../parts/badges.tsx';
import { DataTable } from '../parts/DataTable.tsx';
import { FilterBar } from '../parts/FilterBar.tsx';
import { Link } from '../parts/Link.tsx';
import { Panel } from '../parts/Panel.tsx';
import { Problem } from '../parts/Problem.tsx';
import { Stat } from '../parts/Stat.tsx';
import { StillSumming } from '../parts/StillSumming.tsx';
import { Time } from '../parts/Time.tsx';
import type { Place } from '../router.ts';

const names = ['period', 'model', 'project', 'kind'] as const;

/** What Ollama did in Claude's place, what that saved, and what of it Claude should look at. */
export function OllamaPage({ place }: { readonly place: Place }) {
  const { data, problem } = useData<SavingsDocument>(apiPath('savings', place, names), { gapMs: 1_500 });
  return (
    <>
      <FilterBar place={place} names={names} />
      <Problem text={problem} />
      <StillSumming sinceMs={data?.summedSinceMs} />
      {data && <Savings data={data} />}
      <Debts />
    </>
  );
}

const ollama = 'ollama-specialist';

function Savings({ data }: { readonly data: SavingsDocument }) {
  const { total, models, pricedAs, pricesAsOf } = data;
  const columns = [
    { title: 'Model' },
    ...['Calls', 'In', 'Out', 'Saved'].map((title) => ({ title, isNumber: true })),
  ];
  return (
    <>
      <dl class="stats">
        <Stat
          label="Saved"
          value={usd(total.savedUsd)}
          note={`at the list price of ${pricedAs}`}
          tone="good"
        />
        <Stat label="Tokens" value={compact(total.tokens)} note="that Claude did not use" tone="ollama" />
        <Stat label="Calls" value={whole(total.turns)} note="answered by Ollama" />
      </dl>
      <Panel title="Tokens of Ollama over time">
        {total.turns === 0 ? (
          <p class="empty">Ollama answered nothing in this time, with these filters.</p>
        ) : (
          <StackedBars
            label={`Tokens of Ollama by ${data.resolution}: ${whole(total.tokens)} in all.`}
            resolution={data.resolution}
            startsMs={data.startsMs}
            series={[{ key: ollama, tokens: data.tokens }]}
            nameOf={agentName}
          />
        )}
      </Panel>
      {models.length > 0 && (
        <Panel title="Saved by model">
          <DataTable
            caption="What Ollama's models did"
            columns={columns}
            rows={models.map((row) => ({
              key: row.model,
              cells: [
                row.model === '' ? 'unknown' : row.model,
                whole(row.turns),
                whole(row.inputTokens),
                whole(row.outputTokens),
                usd(row.savedUsd),
              ],
            }))}
          />
          <p class="muted note">
            As many tokens of input and output at the list price of {pricedAs} (as of {pricesAsOf}). Claude
            counts other tokens for the same text, so it is an estimate.
          </p>
        </Panel>
      )}
    </>
  );
}

function Debts() {
  const { data, problem } = useData<DebtsDocument>('debts', { gapMs: 1_000 });
  return (
    <Panel title="Review debt">
      <Problem text={problem} />
      <p class="muted">
        What Ollama did because the budget was gone, what the critic doubts most first.{' '}
        <code>teelamma debt review</code> has Claude look at it.
      </p>
      {data && data.debts.length === 0 && <p class="empty">Nothing is owed.</p>}
      {data && data.debts.length > 0 && (
        <ul class="debts">
          {data.debts.map((debt) => (
            <Debt key={debt.taskId} debt={debt} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Debt({ debt }: { readonly debt: DebtView }) {
  const { review } = debt;
  return (
    <li class="debt">
      <div class="debt-doubt">
        <strong class="figures">{Math.round(debt.doubt * 100)}%</strong>
        <span class="muted">doubt</span>
      </div>
      <div class="debt-what">
        <p>
          <Link href={`/dashboard/tasks/${encodeURIComponent(debt.taskId)}`}>{debt.title}</Link>
        </p>
        <p class="muted">
          <Time atMs={debt.atMs} nowMs={Date.now()} /> · {debt.model} · {debt.reason}
        </p>
        {debt.issues.length > 0 && (
          <ul>
            {debt.issues.map((issue) => (
              <li key={issue}>{issue}</li>
            ))}
          </ul>
        )}
        {review && (
          <p>
            Claude: {review.summary} <span class="muted">({whole(review.chargedTokens)} tokens)</span>
          </p>
        )}
      </div>
      <div class="debt-end">
        <span class="muted">Critic</span> <OutcomeBadge outcome={debt.verdict} />
        <br />
        <span class="muted">Claude</span> {review ? <OutcomeBadge outcome={review.outcome} /> : 'not yet'}
      </div>
    </li>
  );
}
