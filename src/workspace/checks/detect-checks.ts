import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findProgram } from '../sandbox/find-sandbox.ts';
import type { CheckedFile, SkippedCheck } from './CheckReport.ts';

/** A command that judges a project. */
export interface ProjectCheck {
  readonly name: string;
  readonly kind: 'types' | 'lint' | 'test' | 'build';
  readonly argv: readonly [string, ...string[]];
}

export interface Detection {
  /** In the order in which they are run: what is quick and precise first. */
  readonly checks: readonly ProjectCheck[];
  /** What the project has and this machine has no program for. */
  readonly skipped: readonly SkippedCheck[];
}

/**
 * Finds a project's checks by its files, with a change's files in place of those on disk: npm scripts (typecheck, lint, test, build), tsc, vitest, jest, node --test, pytest or unittest,
 * cargo, go, Maven, and make where nothing else tests. `path`: the user's PATH; a check whose program is not on it is skipped.
 */
export function detectChecks(folder: string, path: string, changes: readonly CheckedFile[] = []): Detection {
  const project = new Project(folder, path, changes);
  nodeChecks(project);
  pythonChecks(project);
  if (project.has('Cargo.toml'))
    project.add('test', 'cargo test', ['cargo', 'test', '--offline', '--no-fail-fast']);
  if (project.has('go.mod')) {
    project.add('lint', 'go vet', ['go', 'vet', './...']);
    project.add('test', 'go test', ['go', 'test', './...']);
  }
  if (project.has('pom.xml'))
    project.add('test', 'mvn test', ['mvn', '--offline', '--batch-mode', '--quiet', 'test']);
  makeChecks(project);
  return { checks: inOrder(project.checks), skipped: project.skipped };
}

/** What is quick and precise first. */
export function inOrder(checks: readonly ProjectCheck[]): readonly ProjectCheck[] {
  const order = ['types', 'lint', 'test', 'build'];
  return checks.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

class Project {
  readonly checks: ProjectCheck[] = [];
  readonly skipped: SkippedCheck[] = [];
  readonly folder: string;
  readonly path: string;
  private readonly changes: ReadonlyMap<string, Buffer | null>;

  constructor(folder: string, path: string, changes: readonly CheckedFile[]) {
    this.folder = folder;
    this.path = path;
    this.changes = new Map(changes.map((change) => [change.path, change.content]));
  }

  has(name: string): boolean {
    const changed = this.changes.get(name);
    return changed === undefined ? existsSync(join(this.folder, name)) : changed !== null;
  }

  read(name: string): string {
    const changed = this.changes.get(name);
    if (changed !== undefined) return changed?.toString() ?? '';
    try {
      return readFileSync(join(this.folder, name), 'utf8');
    } catch {
      return '';
    }
  }

  hasTool(name: string): boolean {
    return name.includes('/') ? this.has(name) : findProgram(name, this.path) !== undefined;
  }

  /** Takes the check where its program is there, and else says that it is not. */
  add(kind: ProjectCheck['kind'], name: string, argv: readonly [string, ...string[]]): void {
    if (this.hasTool(argv[0])) this.checks.push({ kind, name, argv });
    else this.skipped.push({ name, why: `${argv[0]} is not on the PATH` });
  }

  /** Whether a file of that kind stands in the project's root or in its usual folders for tests. */
  hasFile(pattern: RegExp): boolean {
    return ['.', 'test', 'tests', 'src', '__tests__'].some((name) => {
      const pathOf = (file: string) => (name === '.' ? file : `${name}/${file}`);
      const changed = [...this.changes.keys()].filter((path) => (dirname(path) || '.') === name);
      const files = [...this.filesOnDisk(name), ...changed.map((path) => basename(path))];
      return files.some((file) => pattern.test(file) && this.changes.get(pathOf(file)) !== null);
    });
  }

  private filesOnDisk(folder: string): readonly string[] {
    try {
      return readdirSync(join(this.folder, folder));
    } catch {
      return [];
    }
  }
}

function nodeChecks(project: Project): void {
  const manifest = parseManifest(project.read('package.json'));
  const has = (name: string): boolean => manifest?.scripts[name] !== undefined;
  const runner = packageManager(project);
  const script = (kind: ProjectCheck['kind'], name: string): void => {
    project.add(kind, `${runner} run ${name}`, [runner, 'run', name]);
  };
  const types = ['typecheck', 'type-check', 'check-types', 'tsc'].find(has);
  if (types !== undefined) script('types', types);
  else if (project.has('tsconfig.json') && project.has('node_modules/.bin/tsc')) {
    project.add('types', 'tsc', ['node_modules/.bin/tsc', '--noEmit', '--pretty', 'false', '-p', '.']);
  }
  if (has('lint')) script('lint', 'lint');
  const testScript = manifest?.scripts['test'];
  if (testScript !== undefined && !/no test specified/.test(testScript)) script('test', 'test');
  else if (project.has('node_modules/.bin/vitest')) {
    project.add('test', 'vitest', ['node_modules/.bin/vitest', 'run']);
  } else if (project.has('node_modules/.bin/jest')) {
    project.add('test', 'jest', ['node_modules/.bin/jest', '--ci']);
  } else if (project.hasFile(/[.-]test\.[cm]?[jt]s$|^test\.[cm]?js$/)) {
    project.add('test', 'node --test', ['node', '--test']);
  }
  if (has('build')) script('build', 'build');
}

function packageManager(project: Project): string {
  const locks = [
    ['pnpm-lock.yaml', 'pnpm'],
    ['yarn.lock', 'yarn'],
    ['bun.lock', 'bun'],
    ['bun.lockb', 'bun'],
  ] as const;
  const found = locks.find(([lock, name]) => project.has(lock) && project.hasTool(name));
  return found?.[1] ?? 'npm';
}

function parseManifest(text: string): { readonly scripts: Readonly<Record<string, string>> } | null {
  try {
    const manifest: unknown = JSON.parse(text);
    if (typeof manifest !== 'object' || manifest === null) return null;
    const scripts = 'scripts' in manifest ? manifest.scripts : undefined;
    if (typeof scripts !== 'object' || scripts === null) return { scripts: {} };
    return {
      scripts: Object.fromEntries(Object.entries(scripts).filter(([, text]) => typeof text === 'string')),
    };
  } catch {
    return null;
  }
}

function pythonChecks(project: Project): void {
  const usesPytest =
    ['pytest.ini', 'conftest.py', 'tests/conftest.py'].some((name) => project.has(name)) ||
    /\bpytest\b/.test(
      ['pyproject.toml', 'setup.cfg', 'tox.ini', 'requirements-dev.txt']
        .map((name) => project.read(name))
        .join('\n'),
    );
  if (!usesPytest && !project.hasFile(/^test_.*\.py$|_test\.py$/)) return;
  const python = ['.venv/bin/python', 'venv/bin/python', 'python3', 'python'].find((name) =>
    project.hasTool(name),
  );
  if (python === undefined) {
    project.skipped.push({ name: 'pytest', why: 'there is no python on the PATH' });
    return;
  }
  const hasPytest = python.includes('/')
    ? project.hasTool(python.replace('python', 'pytest'))
    : project.hasTool('pytest');
  const quiet = ['-q', '--tb=short', '-p', 'no:cacheprovider'];
  if (hasPytest && python.includes('/')) project.add('test', 'pytest', [python, '-m', 'pytest', ...quiet]);
  else if (hasPytest) project.add('test', 'pytest', ['pytest', ...quiet]);
  else if (usesPytest) project.skipped.push({ name: 'pytest', why: 'pytest is not installed' });
  else project.add('test', 'unittest', [python, '-m', 'unittest', 'discover']);
}

function makeChecks(project: Project): void {
  if (project.checks.some(({ kind }) => kind === 'test')) return;
  const makefile = project.read('Makefile') || project.read('makefile') || project.read('GNUmakefile');
  const target = ['check', 'test'].find((name) => new RegExp(`^${name}\\s*:(?!=)`, 'm').test(makefile));
  if (target !== undefined) project.add('test', `make ${target}`, ['make', target]);
}
