import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** A metric that a query asks for, with every label that it names of it. */
export interface AskedMetric {
  readonly metric: string;
  readonly labels: readonly string[];
  readonly query: string;
}

/** What the queries of a Grafana dashboard ask for, read with Prometheus' own grammar. */
export function promqlNames(dashboard: unknown): readonly AskedMetric[] {
  return queriesOf(dashboard).flatMap((query) => {
    // Grafana fills these in before Prometheus sees them.
    const text = query.replaceAll('$__rate_interval', '5m');
    const asked: AskedMetric[] = [];
    parser.parse(text).iterate({
      enter({ name, node, type }) {
        if (type.isError) throw new Error(`Not PromQL: ${query}`);
        if (name !== 'VectorSelector') return;
        const metric = node.getChild('Identifier');
        if (metric === null) throw new Error(`A selector without a name: ${query}`);
        const labels = [...labelsIn(node, text), ...groupsAround(node, text)];
        asked.push({ metric: text.slice(metric.from, metric.to), labels, query });
      },
    });
    return asked;
  });
}

function queriesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(queriesOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'expr' && typeof inner === 'string' ? [inner] : queriesOf(inner),
  );
}

/** `by (…)` of each aggregation around a selector. */
function groupsAround(node: SyntaxNode, text: string): string[] {
  const labels: string[] = [];
  for (let outer = node.parent; outer !== null; outer = outer.parent) {
    const groups = outer.name === 'AggregateExpr' ? outer.getChild('AggregateModifier') : null;
    if (groups !== null) labels.push(...labelsIn(groups, text));
  }
  return labels;
}

function labelsIn(node: SyntaxNode, text: string): string[] {
  const labels: string[] = [];
  node.cursor().iterate(({ name, from, to }) => {
    if (name === 'LabelName') labels.push(text.slice(from, to));
  });
  return labels;
}
