import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
}

const root = resolve(import.meta.dirname, '../..');
const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(resolve(root, folder, 'package.json'), 'utf8')) as Manifest;

describe('the oldest Node that is promised', () => {
  const oldest = numbers(manifestOf('.').engines?.node ?? '');

  it('is 22.13', () => {
    expect(oldest).toEqual([22, 13, 0]);
  });

  it('is accepted by every dependency that a user installs', () => {
    const names = Object.keys(manifestOf('.').dependencies ?? {});
    expect(names.length).toBeGreaterThan(5);
    const refusing = names.flatMap((name) => {
      const range = manifestOf(`node_modules/${name}`).engines?.node;
      return range === undefined || accepts(range, oldest) ? [] : [`${name} wants Node ${range}`];
    });
    expect(refusing).toEqual([]);
  });

  it('tells a range that accepts it from one that does not', () => {
    expect(
      ['>=22', '>= 20.18.1', '^20.1.0 || ^22.12.0', '20 || 22 || >=24'].map((range) =>
        accepts(range, oldest),
      ),
    ).toEqual([true, true, true, true]);
    expect(['>=22.19.0', '^24.0.0', '^22.22.2 || >=24'].map((range) => accepts(range, oldest))).toEqual([
      false,
      false,
      false,
    ]);
  });
});

/** The forms that packages use: `>=a.b.c`, `^a.b.c` and `a`, joined by `||`. */
function accepts(range: string, version: readonly number[]): boolean {
  return range.split('||').some((part) => {
    const least = numbers(part);
    const isSameMajor = least[0] === version[0];
    return (part.includes('>') || isSameMajor) && compare(version, least) >= 0;
  });
}

function numbers(text: string): number[] {
  const [major = 0, minor = 0, patch = 0] = (/\d+(\.\d+)*/.exec(text)?.[0] ?? '').split('.').map(Number);
  return [major, minor, patch];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let place = 0; place < 3; place += 1) {
    const difference = (a[place] ?? 0) - (b[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
