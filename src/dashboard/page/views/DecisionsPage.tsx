import { useEffect, useState } from 'preact/hooks';
import type { DecisionsDocument, DecisionView } from '../../api/api-types.ts';
import { apiPath } from '../api-path.ts';
import { ApiError, askApi } from '../live/api.ts';
import { useData } from '../live/use-data.ts';
import { DecisionList } from '../parts/DecisionList.tsx';
import { FilterBar } from '../parts/FilterBar.tsx';
import { Panel } from '../parts/Panel.tsx';
import { Problem } from '../parts/Problem.tsx';
import type { Place } from '../router.ts';

const names = ['period', 'agent', 'model', 'project', 'kind', 'outcome'] as const;

interface Older {
  readonly path: string;
  readonly decisions: readonly DecisionView[];
  readonly next: string | null;
}

/** The stream of decisions: new ones come in at the top, older ones are loaded below. */
export function DecisionsPage({ place }: { readonly place: Place }) {
  const path = apiPath('decisions', place, names);
  const { data, problem } = useData<DecisionsDocument>(path);
  const [older, setOlder] = useState<Older | null>(null);
  const [olderProblem, setOlderProblem] = useState<string | null>(null);
  // What is seen stays, also when newer ones push it off the first page.
  useEffect(() => {
    if (!data) return;
    setOlder((before) =>
      before?.path === path
        ? { ...before, decisions: merge(before.decisions, data.decisions) }
        : { path, ...data },
    );
  }, [data, path]);
  const shown = older?.path === path ? older : null;
  const loadOlder = async () => {
    if (!shown?.next) return;
    try {
      const page = await askApi<DecisionsDocument>(`${path}&before=${encodeURIComponent(shown.next)}`);
      setOlder({ path, ...page, decisions: merge(shown.decisions, page.decisions) });
      setOlderProblem(null);
    } catch (error) {
      setOlderProblem(error instanceof ApiError ? error.message : String(error));
    }
  };
  return (
    <>
      <FilterBar place={place} names={names} />
      <Problem text={problem ?? olderProblem} />
      <Panel title="Decisions">
        {shown && shown.decisions.length === 0 && shown.next === null && (
          <p class="empty">Nothing was decided in this time, with these filters.</p>
        )}
        {shown && <DecisionList decisions={shown.decisions} />}
        {shown?.next && (
          <p class="more">
            <button type="button" onClick={loadOlder}>
              Load older decisions
            </button>
          </p>
        )}
      </Panel>
    </>
  );
}

/** Newest first, each once, as it was seen last. */
function merge(before: readonly DecisionView[], now: readonly DecisionView[]): readonly DecisionView[] {
  const byId = new Map([...before, ...now].map((decision) => [decision.id, decision]));
  return [...byId.values()].sort((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1));
}
