/**
 * Completes package-lock.json with the optional packages of other platforms.
 *
 * npm leaves an optional package out of the lock when its registry does not serve that version (a mirror that lags behind), and then
 * refuses the lock in `npm ci`, on every platform. The version is fixed by the package that names it, and the platform is in its name,
 * so the entry can be written without asking anybody. `npm run lock:complete`, after every change of dependencies.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const file = 'package-lock.json';
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, LockEntry> };
const added: string[] = [];

for (const [parent, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const top = `node_modules/${name}`;
    const nested = `${parent}/node_modules/${name}`;
    const platform = platformOf(name);
    const isThere = (lock.packages[nested] ?? lock.packages[top])?.version === version;
    if (platform === null || isThere || !/^\d/.test(version)) continue;
    const place = lock.packages[top] === undefined ? top : nested;
    lock.packages[place] = { version, ...platform, ...(entry.dev && { dev: true }), ...{ optional: true } };
    added.push(`${name}@${version}`);
  }
}

const [root, ...others] = Object.entries(lock.packages);
if (root) {
  const sorted = others.sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries([root, ...sorted]);
}
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? 'Nothing was missing.' : `Added ${added.length}:\n${added.join('\n')}`);

/** Reads the platform off a package's name, such as `@biomejs/cli-linux-arm64-musl`; null where the name has none. */
function platformOf(name: string): { os?: string[]; cpu?: string[]; libc?: string[] } | null {
  const words = name.replace(/^.*\//, '').split(/[-.]/);
  const os = words.find((word) =>
    /^(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)$/.test(word),
  );
  const cpu = words.find((word) =>
    /^(arm|arm64|ia32|loong64|mips64el|ppc64|riscv64|s390x|wasm32|x64)$/.test(word),
  );
  if (os === undefined && cpu !== 'wasm32') return null;
  const libc = words.find((word) => /^(gnu|gnueabihf|musl|musleabihf)$/.test(word));
  return {
    ...(cpu !== undefined && { cpu: [cpu] }),
    ...(libc !== undefined && { libc: [libc.startsWith('gnu') ? 'glibc' : 'musl'] }),
    ...(os !== undefined && { os: [os] }),
  };
}
