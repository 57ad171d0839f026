import type { UsageDocument, UsageGroup, UsageTotal } from '../../api/api-types.ts';
import { apiPath } from '../api-path.ts';
import { StackedBars } from '../charts/StackedBars.tsx';
import { agentName, usd, whole } from '../format.ts';
import { useData } from '../live/use-data.ts';
import { DataTable } from '../parts/DataTable.tsx';
import { FilterBar } from '../parts/FilterBar.tsx';
import { Legend } from '../parts/Legend.tsx';
import { Panel } from '../parts/Panel.tsx';
import { Problem } from '../parts/Problem.tsx';
import { StillSumming } from '../parts/StillSumming.tsx';
import { type Place, setFilter } from '../router.ts';

const groups: readonly (readonly [UsageGroup, string])[] = [
  ['agent', 'Agent'],
  ['model', 'Model'],
  ['project', 'Project'],
  ['kind', 'Kind'],
];
const names = ['period', 'agent', 'model', 'project', 'kind'] as const;

/** Tokens over time, and what each group used and cost. */
export function UsagePage({ place }: { readonly place: Place }) {
  const { data, problem } = useData<UsageDocument>(apiPath('usage', place, [...names, 'by']), {
    gapMs: 1_500,
  });
  const by = place.query.get('by') ?? 'agent';
  const nameOf = (key: string) => (by === 'agent' ? agentName(key) : key === '' ? 'unknown' : key);
  const choice = (
    <fieldset class="choice spread">
      <legend class="unseen">Group by</legend>
      {groups.map(([group, text]) => (
        <label key={group}>
          <input type="radio" name="by" checked={by === group} onChange={() => setFilter('by', group)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
  return (
    <>
      <FilterBar place={place} names={names} />
      <Problem text={problem} />
      <StillSumming sinceMs={data?.summedSinceMs} />
      <Panel title="Tokens over time" aside={choice}>
        {data && data.total.turns === 0 && (
          <p class="empty">Nothing was used in this time, with these filters.</p>
        )}
        {data && data.total.turns > 0 && (
          <>
            <Legend keys={data.series.map(({ key }) => key)} nameOf={nameOf} />
            <StackedBars
              label={`Tokens by ${data.resolution} and ${by}: ${whole(data.total.tokens)} in all, in ${whole(data.total.turns)} calls.`}
              resolution={data.resolution}
              startsMs={data.startsMs}
              series={data.series}
              nameOf={nameOf}
            />
          </>
        )}
      </Panel>
      {data && data.total.turns > 0 && <Groups data={data} nameOf={nameOf} />}
    </>
  );
}

interface GroupsProps {
  readonly data: UsageDocument;
  readonly nameOf: (key: string) => string;
}

function Groups({ data, nameOf }: GroupsProps) {
  const title = `Used by ${data.by}`;
  const columns = [
    { title: data.by[0]?.toUpperCase() + data.by.slice(1) },
    ...['Share', 'Calls', 'In', 'Cache', 'Out', 'Charged', 'List price'].map((one) => ({
      title: one,
      isNumber: true,
    })),
  ];
  const cells = (row: UsageTotal, name: string) => [
    name,
    `${Math.round((row.tokens / Math.max(1, data.total.tokens)) * 100)}%`,
    whole(row.turns),
    whole(row.inputTokens),
    whole(row.cacheTokens),
    whole(row.outputTokens),
    whole(row.chargedTokens),
    usd(row.costUsd),
  ];
  return (
    <Panel title={title}>
      <DataTable
        caption={title}
        columns={columns}
        rows={data.groups.map((row) => ({ key: row.key, cells: cells(row, nameOf(row.key)) }))}
        total={cells(data.total, 'All')}
      />
      <p class="muted note">List prices as of {data.pricesAsOf}. Ollama is charged nothing.</p>
    </Panel>
  );
}
