import { createRequire } from 'node:module';

/** A page as Prometheus scrapes it. */
export interface Scrape {
  /** Of each family that is declared: `counter`, `gauge`, `histogram`. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** With the `_bucket`, `_sum` or `_count` of a histogram. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
}

interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly metrics: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: string }[];
}

const require = createRequire(import.meta.url);
/** It has no types of its own. */
const parse = require('parse-prometheus-text-format') as (text: string) => readonly ParsedFamily[];

/**
 * Reads a page with a parser that is not ours. The parser sums the series of a histogram up; so it reads the samples a second time,
 * without being told that they are of one.
 */
export function parseScrape(text: string): Scrape {
  // The parser forgives it, Prometheus' own does not.
  if (!text.endsWith('\n')) throw new Error('The last line of the page has no end');
  const types = new Map(parse(text).map(({ name, type }) => [name, type.toLowerCase()]));
  const plain = text.replaceAll(/^# TYPE (\S+) histogram$/gm, '# TYPE $1 untyped');
  const samples = parse(plain).flatMap(({ name, metrics }) =>
    metrics.map(({ labels = {}, value }) => ({ name, labels, value })),
  );
  return { types, samples };
}
