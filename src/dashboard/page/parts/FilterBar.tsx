import { useId } from 'preact/hooks';
import type { FacetsDocument } from '../../api/api-types.ts';
import { apiPath } from '../api-path.ts';
import { agentName } from '../format.ts';
import { useData } from '../live/use-data.ts';
import { type Place, setFilter } from '../router.ts';

const periods: readonly (readonly [value: string, text: string])[] = [
  ['24h', '24 hours'],
  ['7d', '7 days'],
  ['30d', '30 days'],
  ['90d', '90 days'],
  ['365d', 'a year'],
  ['all', 'all time'],
];

export type FilterName = 'period' | 'agent' | 'model' | 'project' | 'kind' | 'outcome';

interface FilterBarProps {
  readonly place: Place;
  readonly names: readonly FilterName[];
}

const outcomes = ['approved', 'needs-repair', 'rejected', 'failed', 'aborted', 'running'];

/** What the view is limited to; it stands in the address, so that it can be kept and shared. */
export function FilterBar({ place, names }: FilterBarProps) {
  const { data } = useData<FacetsDocument>(apiPath('facets', place, []), { gapMs: 30_000 });
  const choices: Readonly<Record<FilterName, readonly (readonly [string, string])[]>> = {
    period: periods,
    agent: (data?.agents ?? []).map((agent) => [agent, agentName(agent)]),
    model: (data?.models ?? []).map((model) => [model, model]),
    project: (data?.projects ?? []).map((project) => [project, project]),
    kind: (data?.kinds ?? []).map((kind) => [kind, kind]),
    outcome: outcomes.map((outcome) => [outcome, outcome.replace('-', ' ')]),
  };
  const isFiltered = names.some((name) => name !== 'period' && place.query.has(name));
  return (
    <search class="filters" aria-label="Filters">
      {names.map((name) => (
        <Filter key={name} name={name} value={place.query.get(name) ?? ''} choices={choices[name]} />
      ))}
      {isFiltered && (
        <button
          type="button"
          class="quiet"
          onClick={() => {
            for (const name of names) if (name !== 'period') setFilter(name, '');
          }}
        >
          Clear filters
        </button>
      )}
    </search>
  );
}

interface FilterProps {
  readonly name: FilterName;
  readonly value: string;
  readonly choices: readonly (readonly [value: string, text: string])[];
}

function Filter({ name, value, choices }: FilterProps) {
  const id = useId();
  const shown = name === 'period' && value === '' ? '7d' : value;
  // What the address says is offered even where nothing of it was used.
  const isKnown = shown === '' || choices.some(([one]) => one === shown);
  const offered = isKnown ? choices : [...choices, [shown, shown] as const];
  return (
    <label class="filter" for={id}>
      <span>{name[0]?.toUpperCase() + name.slice(1)}</span>
      <select id={id} value={shown} onChange={(event) => setFilter(name, event.currentTarget.value)}>
        {name !== 'period' && <option value="">all</option>}
        {offered.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
