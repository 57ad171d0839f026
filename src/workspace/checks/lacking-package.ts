/** A package that a check would have needed to begin, and that it can get nowhere, since it runs offline. */
export interface LackingPackage {
  readonly name: string;
  /** The folder of the home in which the tool keeps what it has downloaded. */
  readonly cache: string;
  /** The command that downloads what the project needs. */
  readonly download: string;
}

/**
 * Reads from a check's output that Maven, cargo or go ended because a package was never downloaded; undefined where nothing of that is said.
 * The words are those of Maven 3 and 4, of cargo with `--offline`, and of go with `GOPROXY=off`.
 */
export function lackingPackage(output: string): LackingPackage | undefined {
  for (const { pattern, cache, download } of tools) {
    const found = pattern.exec(output);
    if (found !== null) return { name: found[1] ?? found[2] ?? 'a package', cache, download };
  }
  return undefined;
}

const tools: ReadonlyArray<Omit<LackingPackage, 'name'> & { readonly pattern: RegExp }> = [
  {
    pattern: /in offline mode and the artifact (\S+) has not been downloaded from it before/,
    cache: '.m2/repository',
    download: 'mvn dependency:go-offline',
  },
  {
    pattern:
      /no matching package (?:named )?`([^`]+)` found[\s\S]*offline|failed to download `([^` ]+)[\s\S]*--offline was specified/,
    cache: '.cargo/registry',
    download: 'cargo fetch',
  },
  {
    pattern: /(\S+): module lookup disabled by GOPROXY=off/,
    cache: 'go/pkg/mod',
    download: 'go mod download',
  },
];
