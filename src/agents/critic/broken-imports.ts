import type { Issue } from '../verdict.ts';
import { ModuleExports, type ModuleSource } from './ModuleExports.ts';
import { resolveModule } from './resolve-module.ts';
import { withoutComments } from './without-comments.ts';

/**
 * Finds relative imports in JavaScript, TypeScript and Python that lead to no file, and names that the file does not export. Only what is certain:
 * `import`/`export ... from` with a literal path, and `from .x import y`; see `ModuleExports` for what is certain of a module, and a Python module with a
 * star import, `__getattr__` or a name made at run time exports whatever it likes. Declaration files are a compiler's. Packages are the project's checks' affair.
 */
export function findBrokenImports(path: string, text: string, source: ModuleSource): readonly Issue[] {
  if (/\.[cm]?[jt]sx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path)) return javascript(path, text, source);
  return /\.py$/.test(path) ? python(path, text, source) : [];
}

const importStatement =
  /^[ \t]*(?:import|export)\s+(?:type\s+)?(?:([\w$]+)\s*,?\s*)?(?:\*(?:\s+as\s+[\w$]+)?|\{([^{}]*)\})?\s*(?:from\s*)?(['"])(\.{1,2}\/[^'"\n]*|\.{1,2})\3/gm;

function javascript(path: string, text: string, source: ModuleSource): readonly Issue[] {
  const code = withoutComments(text);
  const exports = new ModuleExports(source);
  const issues: Issue[] = [];
  for (const match of code.matchAll(importStatement)) {
    const [whole, , names, , specifier = ''] = match;
    const line = lineAt(code, match.index + whole.search(/\S/));
    const candidates = resolveModule(path, specifier);
    if (candidates === null || /[?#]/.test(specifier)) continue;
    const found = candidates.filter((each) => source.read(each) !== null);
    if (found.length === 0) {
      issues.push(broken(path, line, `imports ${specifier}, and there is no such file`));
      continue;
    }
    const wanted = (names ?? '')
      .split(',')
      .flatMap((each) => /^\s*(?:type\s+)?([\w$]+)/.exec(each)?.[1] ?? []);
    for (const name of wanted) {
      // Beside x.js there may be its declarations, x.d.ts, with types of their own.
      if (!found.some((each) => exports.mayExport(each, name)))
        issues.push(broken(path, line, `imports ${name} from ${specifier}, which does not export it`));
    }
  }
  return issues;
}

function python(path: string, text: string, source: ModuleSource): readonly Issue[] {
  const issues: Issue[] = [];
  const code = text
    .replace(/#.*$/gm, '')
    .replace(/("""|''')[\s\S]*?\1/g, (match) => match.replace(/[^\n]/g, ''));
  // Indented imports are optional ones, in a `try` or for type checkers.
  for (const match of code.matchAll(/^from\s+(\.+)([\w.]*)\s+import\s+(?:\(([^)]*)\)|([^\n(;\\]+))$/gm)) {
    const [, dots = '.', name = '', inBrackets, inline] = match;
    const parents = path.split('/').slice(0, -1);
    if (dots.length - 1 > parents.length) continue;
    const folder = [
      ...parents.slice(0, parents.length - dots.length + 1),
      ...name.split('.').filter(Boolean),
    ].join('/');
    const line = lineAt(code, match.index);
    const prefix = folder === '' ? '' : `${folder}/`;
    const file = [`${prefix}__init__.py`, ...(name === '' ? [] : [`${folder}.py`])].find(
      (each) => source.read(each) !== null,
    );
    const shown = dots + name;
    const isCompiled = (base: string): boolean =>
      ['.pyi', '.so', '.pyd', '.pyx'].some((extension) => source.read(base + extension) !== null);
    if (file === undefined) {
      if (name !== '' && !isCompiled(folder))
        issues.push(broken(path, line, `imports from ${shown}, and there is no such module`));
      continue;
    }
    const module = source.read(file) ?? '';
    if (/\bimport\s*\(?\s*\*|__getattr__|\bglobals\(\)|\bsetattr\(|\bexec\(|sys\.modules/.test(module))
      continue;
    for (const each of (inBrackets ?? inline ?? '').split(',')) {
      const wanted = /^\s*(\w+)/.exec(each)?.[1];
      if (wanted === undefined || wanted.startsWith('__') || new RegExp(`\\b${wanted}\\b`).test(module))
        continue;
      const isModule =
        [`${prefix}${wanted}.py`, `${prefix}${wanted}/__init__.py`].some(
          (other) => source.read(other) !== null,
        ) || isCompiled(prefix + wanted);
      if (!isModule)
        issues.push(broken(path, line, `imports ${wanted} from ${shown}, which does not define it`));
    }
  }
  return issues;
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function broken(file: string, line: number, what: string): Issue {
  return { kind: 'broken-import', severity: 'error', message: `${file} ${what} (line ${line}).`, file, line };
}
