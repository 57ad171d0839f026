import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const source = resolve(import.meta.dirname, '../../src');

/**
 * Rank of each layer; imports go to the same rank or down. A file belongs to the layer that its first folder, or for a file in src/
 * its own name, stands for.
 */
const ranks: Readonly<Record<string, number>> = {
  index: 10,
  cli: 9,
  app: 8,
  'mcp-server': 7,
  gateway: 7,
  dashboard: 7,
  pipeline: 6,
  turn: 5,
  telemetry: 5,
  'task-events': 4,
  'work-events': 4,
  agents: 4,
  workspace: 4,
  notifications: 4,
  verify: 4,
  simulators: 3,
  state: 3,
  messages: 2,
  config: 1,
  logging: 1,
  errors: 0,
  version: 0,
};

/** Pairs that may not import each other although the ranks would let them. */
const forbidden: ReadonlyArray<readonly [from: string, to: string, why: string]> = [
  ['mcp-server', 'gateway', 'the doors never import each other'],
  ['mcp-server', 'dashboard', 'the doors never import each other'],
  ['gateway', 'mcp-server', 'the doors never import each other'],
  ['gateway', 'dashboard', 'the doors never import each other'],
  ['dashboard', 'mcp-server', 'the doors never import each other'],
  ['dashboard', 'gateway', 'the doors never import each other'],
  ['simulators', 'state', 'a simulator is a provider and knows no budget'],
  ['simulators', 'config', 'a simulator is configured by its options'],
];

/** The only files of agents/ that may know the ledger, and the only one in src/ that may read the environment beside config/. */
const ledgerInAgents = new Set([
  'MetaCoordinator.ts',
  'DecisionDraft.ts',
  'binding-status.ts',
  'estimate-task.ts',
  'expect-task.ts',
]);

interface Import {
  readonly from: string;
  readonly to: string;
}

describe('import boundaries', () => {
  const imports = files(source).flatMap(importsOf);

  it('finds the imports it judges', () => {
    expect(imports.length).toBeGreaterThan(100);
    expect(imports).toContainEqual({ from: 'turn/turn-types.ts', to: 'state/Ledger.ts' });
    expect(imports).toContainEqual({ from: 'app.ts', to: 'state/sqlite-ledger.ts' });
  });

  it('knows the layer of every file', () => {
    const unknown = files(source)
      .map((file) => layerOf(inSource(file)))
      .filter((layer) => ranks[layer] === undefined);
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('go down only', () => {
    const upward = imports.filter(
      ({ from, to }) => (ranks[layerOf(to)] ?? 99) > (ranks[layerOf(from)] ?? -1),
    );
    expect(upward).toEqual([]);
  });

  it('keep apart what must not know each other', () => {
    const crossed = imports.filter(({ from, to }) =>
      forbidden.some(([a, b]) => layerOf(from) === a && layerOf(to) === b),
    );
    expect(crossed).toEqual([]);
  });

  it('let no specialist and no critic see the ledger', () => {
    const peeking = imports.filter(
      ({ from, to }) =>
        layerOf(from) === 'agents' &&
        layerOf(to) === 'state' &&
        !ledgerInAgents.has(from.split('/').at(-1) ?? ''),
    );
    expect(peeking).toEqual([]);
  });

  it('only config/, the composition root and the command read the environment', () => {
    const readers = files(source)
      .filter((file) => /\bprocess\.env\b/.test(withoutComments(readFileSync(file, 'utf8'))))
      .map((file) => layerOf(inSource(file)));
    expect(readers.filter((layer) => !['config', 'app', 'cli'].includes(layer))).toEqual([]);
  });
});

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() && entry.name.endsWith('.ts') && !/\.test\.ts$|-contract\.ts$/.test(entry.name),
    )
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(file: string): Import[] {
  const text = withoutComments(readFileSync(file, 'utf8'));
  const specifiers = [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)'(\.[^']*)'/g)].map(
    (match) => match[1] ?? '',
  );
  return specifiers.map((specifier) => ({
    from: inSource(file),
    to: inSource(resolve(dirname(file), specifier)),
  }));
}

function layerOf(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.ts$/, '');
}

function inSource(file: string): string {
  return relative(source, file).split(sep).join('/');
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
