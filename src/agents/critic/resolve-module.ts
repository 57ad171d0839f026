/** The files that a specifier may mean; null where it leads out of the workspace. */
export function resolveModule(from: string, specifier: string): readonly string[] | null {
  const base = join(from, specifier);
  if (base === null) return null;
  const bare = base.replace(/\.([cm]?)jsx?$/, '');
  const swapped =
    bare === base
      ? []
      : ['.ts', '.tsx', '.mts', '.cts', '.d.ts', '.d.mts', '.d.cts'].map((extension) => bare + extension);
  const extensions = [
    '.js',
    '.mjs',
    '.cjs',
    '.jsx',
    '.ts',
    '.tsx',
    '.mts',
    '.cts',
    '.json',
    '.node',
    '.d.ts',
    '.d.mts',
    '.vue',
    '.svelte',
    '.css',
  ];
  const folder = base === '' ? '' : `${base}/`;
  return [
    base,
    ...swapped,
    ...extensions.map((extension) => base + extension),
    ...extensions.map((extension) => `${folder}index${extension}`),
    `${folder}package.json`,
  ];
}

function join(from: string, specifier: string): string | null {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.join('/');
}
