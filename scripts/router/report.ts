import type { FeatureName } from '../../src/agents/router-features.ts';
import { featureDescriptions } from '../../src/agents/router-features.ts';
import type { RouterWeights } from '../../src/agents/router-weights.ts';
import {
  bootstrap,
  type ExampleWithText,
  type Interval,
  type OutOfSource,
  type RouterName,
  routerNames,
  summarise,
} from './evaluate.ts';
import { type Judgement, judgeTasks, type LabelledTask } from './judge-tasks.ts';
import { routingMetrics } from './routing-metrics.ts';

/** The generated parts of docs/router.md, by the name of their markers. */
export type Tables = Readonly<
  Record<'data' | 'overall' | 'sources' | 'operating-point' | 'weights' | 'tasks', string>
>;

export interface ReportInput {
  readonly examples: readonly ExampleWithText[];
  readonly leftOut: number;
  readonly sha256: string;
  readonly results: Record<RouterName, OutOfSource[]>;
  readonly weights: RouterWeights;
  readonly tasks: readonly LabelledTask[];
}

export function reportTables(input: ReportInput): Tables {
  return {
    data: dataTable(input),
    overall: overallTable(input.results),
    sources: sourcesTable(input.results),
    'operating-point': operatingPointTable(input.results, input.weights.threshold),
    weights: weightsTable(input.weights),
    tasks: tasksTable(input.tasks, input.weights),
  };
}

/**
 * Puts each table between its markers, `<!-- table: name -->` and `<!-- end -->`.
 * @throws Error if a pair of markers is missing.
 */
export function fillReport(text: string, tables: Tables): string {
  let filled = text;
  for (const [name, table] of Object.entries(tables)) {
    const from = filled.indexOf(`<!-- table: ${name} -->`);
    const to = filled.indexOf('<!-- end -->', from);
    if (from < 0 || to < 0) throw new Error(`docs/router.md has no markers for the table "${name}"`);
    filled = `${filled.slice(0, from)}<!-- table: ${name} -->\n${table}\n${filled.slice(to)}`;
  }
  return filled;
}

function dataTable({ examples, leftOut, sha256 }: ReportInput): string {
  const rows = [...Map.groupBy(examples, (example) => example.source)].map(([source, group]) => {
    const weak = mean(group.map((example) => example.weakOk));
    const strong = mean(group.map((example) => example.strongOk));
    return [source, String(group.length), figure(weak), figure(strong), figure(strong - weak)];
  });
  return [
    table(['source', 'prompts', 'weak_ok', 'strong_ok', 'gap'], rows),
    '',
    `${examples.length} prompts; ${leftOut} left out for want of a strong answer. SHA-256 of the file: \`${sha256}\`.`,
  ].join('\n');
}

function overallTable(results: Record<RouterName, OutOfSource[]>): string {
  const apgr = (resampled: readonly OutOfSource[]) => routingMetrics(resampled).apgr;
  const baseline = results['length, unfitted'];
  const rows = routerNames.map((name) => {
    const own = results[name];
    const summary = summarise(own);
    const isRandom = name === 'random';
    return [
      name,
      isRandom ? figure(summary.apgr) : `${figure(summary.apgr)} ${interval(bootstrap(own, apgr))}`,
      isRandom || own === baseline ? '' : interval(bootstrap(own, apgr, baseline)),
      percent(summary.cpt50),
      percent(summary.cpt80),
      figure(summary.auroc),
      figure(summary.eceWeakOk),
      figure(summary.eceStrongHelps),
    ];
  });
  const head = [
    'router',
    'APGR (95 %)',
    'APGR minus length (95 %)',
    'CPT(50%)',
    'CPT(80%)',
    'AUROC(weak_ok)',
    'ECE weak_ok',
    'ECE strong helps',
  ];
  return table(head, rows);
}

function sourcesTable(results: Record<RouterName, OutOfSource[]>): string {
  const both = Map.groupBy(results['both heads'], (result) => result.source);
  const byLength = Map.groupBy(results['length, unfitted'], (result) => result.source);
  const full = Map.groupBy(results['both heads and priors'], (result) => result.source);
  const rows = [...both].map(([source, own]) => {
    const summary = summarise(own);
    return [
      source,
      figure(routingMetrics(byLength.get(source) ?? []).apgr),
      figure(summary.apgr),
      figure(routingMetrics(full.get(source) ?? []).apgr),
      percent(summary.cpt50),
      percent(summary.cpt80),
      figure(summary.auroc),
      figure(summary.eceWeakOk),
      figure(summary.eceStrongHelps),
    ];
  });
  const columns = [1, 2, 3, 6, 7, 8];
  const means = ['mean of the sources', '', '', '', '', '', '', '', ''].map((text, i) =>
    columns.includes(i) ? figure(mean(rows.map((row) => Number(row[i])))) : text,
  );
  const head = [
    'left-out source',
    'APGR length',
    'APGR both heads',
    'APGR with priors',
    'CPT(50%)',
    'CPT(80%)',
    'AUROC(weak_ok)',
    'ECE weak_ok',
    'ECE strong helps',
  ];
  return table(head, [...rows, means]);
}

function operatingPointTable(results: Record<RouterName, OutOfSource[]>, threshold: number): string {
  const rows = (['both heads', 'both heads and priors'] as const).map((name) => {
    const own = results[name];
    const complex = own.filter((result) => result.score >= threshold);
    const gain = (list: readonly OutOfSource[]) => list.reduce((sum, r) => sum + r.strongOk - r.weakOk, 0);
    return [name, percent(complex.length / own.length), percent(gain(complex) / gain(own))];
  });
  return table(['router', 'scored complex', 'gap recovered'], rows);
}

function weightsTable({ fitted, prior }: RouterWeights): string {
  const { weakFails, strongHelps } = fitted;
  const centred = (head: typeof weakFails) => head.intercept - head.operatingPoint;
  const names = Object.keys(featureDescriptions) as FeatureName[];
  const rows = names.flatMap((name) => {
    const [weak, strong] = [weakFails.weights[name], strongHelps.weights[name]];
    const byHand = prior.weights[name];
    const description = featureDescriptions[name];
    return [
      ...(weak === undefined || strong === undefined
        ? []
        : [[name, 'fitted', figure(weak), figure(strong), figure((weak + strong) / 2), description]]),
      ...(byHand === undefined ? [] : [[name, 'prior', '', '', figure(byHand), description]]),
    ];
  });
  const [weak, strong] = [centred(weakFails), centred(strongHelps)];
  return table(
    ['feature', 'origin', 'weakFails', 'strongHelps', 'weight used', 'counts'],
    [
      [
        'intercept',
        'fitted',
        figure(weak),
        figure(strong),
        figure((weak + strong) / 2),
        'less the operating point',
      ],
      ...rows,
    ],
  );
}

function tasksTable(tasks: readonly LabelledTask[], weights: RouterWeights): string {
  const withoutPrior = { ...weights, prior: { weights: {} } };
  const halves = (['tuning', 'held-out'] as const).map((half) => {
    const own = tasks.filter((task) => task.half === half);
    return { half, full: judgeTasks(own, weights), fitted: judgeTasks(own, withoutPrior) };
  });
  const rows = halves.map(({ half, full, fitted }) => [
    half,
    share(full),
    String(full.wrong.filter((task) => task.level === 'simple').length),
    String(full.wrong.filter((task) => task.level === 'complex').length),
    share(fitted),
  ]);
  const wrong = halves.flatMap(({ full }) => full.wrong);
  return [
    table(
      ['half', 'right', 'simple taken for complex', 'complex taken for simple', 'right without priors'],
      rows,
    ),
    '',
    'Wrong:',
    '',
    ...wrong.map(
      ({ half, level, score, task }) =>
        `- (${half}, ${level}, score ${score.toFixed(2)}) ${task.split('\n')[0] ?? ''}`,
    ),
  ].join('\n');
}

function share({ right, of }: Judgement): string {
  return `${right} of ${of}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function figure(value: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(3);
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

function interval({ low, high }: Interval): string {
  return `[${figure(low)}, ${figure(high)}]`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
