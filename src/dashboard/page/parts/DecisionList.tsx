import type { DecisionView } from '../../api/api-types.ts';
import { duration, whole } from '../format.ts';
import { AgentBadge, OutcomeBadge } from './badges.tsx';
import { Link } from './Link.tsx';
import { Time } from './Time.tsx';

/** Decisions, newest first: when, who, why, what it used of what was estimated, how it ended, how long it took. */
export function DecisionList({ decisions }: { readonly decisions: readonly DecisionView[] }) {
  const nowMs = Date.now();
  return (
    <ol class="decisions">
      {decisions.map((decision) => (
        <li key={decision.id} class="decision">
          <div class="decision-when muted figures">
            <Time atMs={decision.atMs} nowMs={nowMs} isExact />
          </div>
          <div class="decision-who">
            <AgentBadge agent={decision.agent} />
          </div>
          <div class="decision-why">
            <Reason decision={decision} />
            <p class="muted">{aboutText(decision)}</p>
          </div>
          <div class="decision-tokens figures">
            <strong>{decision.usedTokens === null ? '–' : whole(decision.usedTokens)}</strong>
            <span class="unseen"> tokens used</span>
            {decision.estimatedTokens !== null && (
              <p class="muted">
                {decision.source === 'task' ? 'est. ' : 'held '}
                {whole(decision.estimatedTokens)}
              </p>
            )}
          </div>
          <div class="decision-end">
            <OutcomeBadge outcome={decision.outcome} />
            <p class="muted figures">{duration(decision.latencyMs)}</p>
          </div>
        </li>
      ))}
    </ol>
  );
}

/** Of a task, the way to all that is known of it. */
function Reason({ decision }: { readonly decision: DecisionView }) {
  const text = decision.title ?? decision.reason;
  if (decision.source === 'request') return <p>{text}</p>;
  return (
    <p>
      <Link href={`/dashboard/tasks/${encodeURIComponent(decision.id)}`}>{text}</Link>
      {decision.title !== null && <span class="muted decision-reason"> {decision.reason}</span>}
    </p>
  );
}

function aboutText({ model, project, kind, door, handovers, source }: DecisionView): string {
  const parts = [
    source === 'request' ? 'gateway request' : kind,
    model,
    project,
    source === 'task' ? door : null,
    handovers > 0 ? 'handed over' : null,
  ];
  return parts.filter((part) => part !== null && part !== '').join(' · ');
}
