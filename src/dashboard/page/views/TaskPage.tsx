import type { IssueView, TaskDocument, TaskView, TurnView } from '../../api/api-types.ts';
import { agentName, duration, usd, whole } from '../format.ts';
import { useData } from '../live/use-data.ts';
import { AgentBadge, OutcomeBadge } from '../parts/badges.tsx';
import { DataTable } from '../parts/DataTable.tsx';
import { Panel } from '../parts/Panel.tsx';
import { Problem } from '../parts/Problem.tsx';
import { Stat } from '../parts/Stat.tsx';
import { Time } from '../parts/Time.tsx';

/** All that is known of one task: the decision, its calls with holds and settles, what the critic found. */
export function TaskPage({ taskId }: { readonly taskId: string }) {
  const { data, problem } = useData<TaskDocument>(`tasks/${encodeURIComponent(taskId)}`);
  if (!data) {
    const text = problem === 'There is nothing here' ? `No task ${taskId} is known.` : problem;
    return <Problem text={text} />;
  }
  const { task, turns } = data;
  return (
    <>
      <Problem text={problem} />
      <Decision task={task} />
      <Figures task={task} turns={turns} />
      <Panel title="Calls">
        {turns.length === 0 ? <p class="empty">No call was made.</p> : <Turns turns={turns} />}
      </Panel>
      {task.handovers.length > 0 && (
        <Panel title="Handovers">
          <ol class="plain">
            {task.handovers.map(({ from, to, reason }, index) => (
              <li key={`${from} ${index}`}>
                <AgentBadge agent={from} /> <span aria-hidden="true">→</span>
                <span class="unseen">to</span> <AgentBadge agent={to} /> {reason}
              </li>
            ))}
          </ol>
        </Panel>
      )}
      <Critic task={task} />
      <Signals task={task} />
    </>
  );
}

function Decision({ task }: { readonly task: TaskView }) {
  const { decision } = task;
  return (
    <Panel title="Decision" aside={<OutcomeBadge outcome={task.outcome} />}>
      {task.title !== null && <p class="task-title">{task.title}</p>}
      <p>
        <AgentBadge agent={decision.targetAgent} /> {decision.reason}
      </p>
      <dl class="facts">
        <Fact label="Began">
          <Time atMs={task.startedAtMs} nowMs={Date.now()} isExact />
        </Fact>
        <Fact label="Answered by">
          {agentName(task.agent)}
          {task.model === null ? '' : `, ${task.model}`}
        </Fact>
        <Fact label="Complexity">
          {task.complexity.level}, score {task.complexity.score.toFixed(2)}
        </Fact>
        <Fact label="Strategy">{task.strategy}</Fact>
        <Fact label="Project">{task.project ?? '–'}</Fact>
        <Fact label="Door">{task.door ?? '–'}</Fact>
        <Fact label="Cause">
          <code>{decision.cause}</code>
        </Fact>
        <Fact label="Task">
          {whole(task.promptLength)} characters, <code>{task.promptHash}</code>
        </Fact>
      </dl>
    </Panel>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Figures({ task, turns }: { readonly task: TaskView; readonly turns: readonly TurnView[] }) {
  const used = turns.reduce(
    (sum, { inputTokens, cachedTokens, outputTokens, chargedTokens }) =>
      sum + (inputTokens === null ? chargedTokens : inputTokens + (cachedTokens ?? 0) + (outputTokens ?? 0)),
    0,
  );
  const costs = turns.map(({ costUsd }) => costUsd);
  const cost = costs.includes(null) ? null : costs.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  return (
    <dl class="stats">
      <Stat label="Estimated tokens" value={whole(task.decision.estimatedTokens)} />
      <Stat label="Used tokens" value={whole(used)} note={`${whole(turns.length)} calls`} />
      <Stat
        label="Charged tokens"
        value={whole(task.chargedTokens)}
        note={`${usd(cost)} at list price`}
        tone="claude"
      />
      <Stat label="Took" value={duration(task.latencyMs)} />
    </dl>
  );
}

const states: Readonly<Record<TurnView['state'], string>> = {
  'in-flight': 'held, in flight',
  settled: 'settled',
  assumed: 'charged at its hold',
  released: 'released',
};

function Turns({ turns }: { readonly turns: readonly TurnView[] }) {
  const columns = [
    { title: 'Time' },
    { title: 'Agent' },
    { title: 'Model' },
    { title: 'State' },
    ...['Held', 'Charged', 'In', 'Cache', 'Out', 'Cost', 'Took'].map((title) => ({ title, isNumber: true })),
  ];
  const known = (amount: number | null) => (amount === null ? '–' : whole(amount));
  const rows = turns.map((turn) => ({
    key: turn.turnId,
    cells: [
      <Time key="time" atMs={turn.startedAtMs} nowMs={Date.now()} isExact />,
      <AgentBadge key="agent" agent={turn.agent} />,
      turn.model,
      `${states[turn.state]}${turn.forced ? ', forced' : ''}${turn.reason === null ? '' : `: ${turn.reason}`}`,
      whole(turn.heldTokens),
      whole(turn.chargedTokens),
      known(turn.inputTokens),
      known(turn.cachedTokens),
      known(turn.outputTokens),
      usd(turn.costUsd),
      duration(turn.latencyMs),
    ],
  }));
  return (
    <DataTable caption="Calls of this task, with what was held and settled" columns={columns} rows={rows} />
  );
}

function Critic({ task }: { readonly task: TaskView }) {
  const { reviews, issues } = task;
  return (
    <Panel title="Critic">
      {reviews.length > 0 && (
        <ol class="plain">
          {reviews.map(({ agent, purpose, outcome, issues: found }, index) => (
            <li key={`${agent} ${index}`}>
              <AgentBadge agent={agent} /> {purpose}: <OutcomeBadge outcome={outcome} />
              {found.length > 0 && <Issues issues={found} />}
            </li>
          ))}
        </ol>
      )}
      {issues.length === 0 ? (
        <p class="muted">
          {task.outcome === 'running' ? 'Not reviewed yet.' : 'No issue in the answer that was given.'}
        </p>
      ) : (
        <>
          {reviews.length > 1 && <p class="muted">In the answer that was given:</p>}
          <Issues issues={issues} />
        </>
      )}
    </Panel>
  );
}

function Issues({ issues }: { readonly issues: readonly IssueView[] }) {
  return (
    <ul class="plain issues">
      {issues.map(({ code, severity, message, file, line }, index) => (
        <li key={`${code} ${index}`}>
          <span class={`outcome tone-${severity === 'error' ? 'bad' : 'warn'}`}>{severity}</span> {message}
          {file !== undefined && (
            <code>
              {' '}
              {file}
              {line === undefined ? '' : `:${line}`}
            </code>
          )}{' '}
          <span class="muted">{code}</span>
        </li>
      ))}
    </ul>
  );
}

function Signals({ task }: { readonly task: TaskView }) {
  const signals = task.complexity.signals.filter(({ value }) => value !== 0);
  if (signals.length === 0) return null;
  const rows = signals
    .toSorted((a, b) => Math.abs(b.weight * b.value) - Math.abs(a.weight * a.value))
    .map(({ name, value, weight }) => ({
      key: name,
      cells: [name, value.toFixed(2), weight.toFixed(2), (value * weight).toFixed(2)],
    }));
  const columns = [
    { title: 'Signal' },
    ...['Value', 'Weight', 'Adds'].map((title) => ({ title, isNumber: true })),
  ];
  return (
    <Panel title="Why it was scored so">
      <DataTable caption="Signals of the Router" columns={columns} rows={rows} />
    </Panel>
  );
}
