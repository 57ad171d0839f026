import { resolveModule } from './resolve-module.ts';
import { withoutComments } from './without-comments.ts';

/** What a file's imports can be resolved against: the workspace with the changes applied. */
export interface ModuleSource {
  /** The text of a file by its path relative to the workspace; null where there is none, or where it cannot be read. */
  readonly read: (path: string) => string | null;
}

/** What a module exports, as far as its text says. */
interface KnownExports {
  /** Whether it may export names that are not known: made at run time, or passed on from a package. */
  readonly isOpen: boolean;
  /** Null where any name that occurs in `text` may be exported. */
  readonly names: ReadonlySet<string> | null;
  readonly text: string;
  /** Relative modules that all exports of are passed on. */
  readonly passedOn: readonly string[];
}

/**
 * Says which names modules of JavaScript and TypeScript may export. An ES module whose export statements are all understood exports these
 * and no others. Of CommonJS, of declaration files and of export statements that are not understood it is only certain that a name which occurs
 * nowhere in them is not exported. `export *` and its like in CommonJS are followed; one that leads to a package, and exports that are
 * made at run time, may be of any name.
 */
export class ModuleExports {
  private readonly source: ModuleSource;
  private readonly known = new Map<string, KnownExports>();

  constructor(source: ModuleSource) {
    this.source = source;
  }

  /** Whether a file, by its path relative to the workspace, may export a name. A file that is no code may export any. */
  mayExport(path: string, name: string, asked: Set<string> = new Set()): boolean {
    if (asked.has(path)) return false;
    asked.add(path);
    const { isOpen, names, text, passedOn } = this.exportsOf(path);
    if (isOpen || (names === null ? occurs(name, text) : names.has(name))) return true;
    return passedOn.some((specifier) => {
      const candidates = resolveModule(path, specifier);
      const found = candidates?.filter((each) => this.source.read(each) !== null) ?? [];
      return found.length === 0 || found.some((each) => this.mayExport(each, name, asked));
    });
  }

  private exportsOf(path: string): KnownExports {
    const known = this.known.get(path);
    if (known !== undefined) return known;
    const exports = readExports(path, this.source.read(path) ?? '');
    this.known.set(path, exports);
    return exports;
  }
}

const open: KnownExports = { isOpen: true, names: null, text: '', passedOn: [] };

function readExports(path: string, text: string): KnownExports {
  if (!/\.[cm]?[jt]sx?$/.test(path)) return open;
  const code = withoutComments(text);
  const isDeclaration = /\.d\.[cm]?ts$/.test(path);
  const isModule =
    isDeclaration ||
    /\.m[jt]s$/.test(path) ||
    /(?:^|[;}])[ \t]*(?:export(?:\s+[\w@]|\s*[{*=])|import(?:\s+\w|\s*[{*'"]))/m.test(code);
  if (isModule) return esModule(text, code, isDeclaration);
  return /\.[cm]?jsx?$/.test(path) ? commonJs(text, code) : open;
}

const exportStart = /(?:^|[;}])[ \t]*export(?![\w$])(?!\s*[:(.,;)])\s*/gm;
const declaration =
  /^(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:const\s+enum|function\s*\*?|class|enum|interface|type|namespace|const|let|var)\s+([A-Za-z_$][\w$]*)/;

/**
 * Reads export statements, also where they seem to stand in a comment or template text: what is blanked is not always one, since regular
 * expressions with quotation marks in them are not told apart.
 */
function esModule(text: string, code: string, isDeclaration: boolean): KnownExports {
  const inCode = exportStatements(code);
  const inText = exportStatements(text);
  if (inCode.isOpen || inText.isOpen) return open;
  const names = inCode.isExact && !isDeclaration ? new Set([...inCode.names, ...inText.names]) : null;
  return { isOpen: false, names, text, passedOn: [...new Set([...inCode.passedOn, ...inText.passedOn])] };
}

interface ExportStatements {
  readonly isOpen: boolean;
  readonly names: Set<string>;
  readonly passedOn: readonly string[];
  /** Whether each was understood. */
  readonly isExact: boolean;
}

function exportStatements(code: string): ExportStatements {
  const names = new Set<string>();
  const passedOn: string[] = [];
  let isExact = true;
  let isOpen = false;
  for (const match of code.matchAll(exportStart)) {
    const rest = code.slice(match.index + match[0].length);
    const star = /^(?:type\s+)?\*\s*(?:as\s+([\w$]+|"[^"\n]*"|'[^'\n]*')\s+)?from\s*(['"])([^'"\n]+)\2/.exec(
      rest,
    );
    const list = /^(?:type\s+)?\{([^{}]*)\}/.exec(rest);
    const declared = declaration.exec(rest);
    if (star) {
      if (star[1] !== undefined) names.add(star[1].replace(/['"]/g, ''));
      else if (star[3]?.startsWith('.')) passedOn.push(star[3]);
      else isOpen = true;
    } else if (list) {
      for (const each of (list[1] ?? '').split(',')) {
        const name = /(?:^|\s)([\w$]+|"[^"]*"|'[^']*')\s*$/.exec(each)?.[1];
        if (name !== undefined) names.add(name.replace(/['"]/g, ''));
      }
    } else if (/^default\b/.test(rest)) names.add('default');
    else if (/^=/.test(rest)) isOpen = true;
    else if (declared?.[1] !== undefined && isOneName(rest)) names.add(declared[1]);
    else isExact = false;
  }
  return { isOpen, names, passedOn, isExact };
}

/** Whether a declaration declares one name for certain: no comma stands outside of brackets and texts before its end. */
function isOneName(rest: string): boolean {
  const start = /^(?:declare\s+)?(?:const|let|var)\s/.exec(rest);
  if (start === null || /^(?:declare\s+)?const\s+enum\s/.test(rest)) return true;
  let depth = 0;
  let isType = true;
  for (let index = start[0].length; index < rest.length; index += 1) {
    const letter = rest[index] ?? '';
    if (letter === '"' || letter === "'") {
      const text = /^(["'])(?:\\.|(?!\1)[^\\\n])*\1/.exec(rest.slice(index));
      index += (text?.[0].length ?? 1) - 1;
    } else if ('([{'.includes(letter) || (isType && letter === '<')) depth += 1;
    else if (')]}'.includes(letter) || (isType && letter === '>' && rest[index - 1] !== '=')) depth -= 1;
    else if (depth > 0) continue;
    else if (letter === '=') isType = false;
    else if (letter === ',') return false;
    else if (
      letter === ';' ||
      (letter === '\n' && /^\s*(?:export|import|const|let|var|function|class|\n)/.test(rest.slice(index + 1)))
    )
      return true;
  }
  return true;
}

/** Forms of CommonJS that name what they export; what they name occurs in the text. */
const staticExports = [
  /Object\.defineProperty\((?:module\.)?exports\s*,\s*(['"])[\w$]+\1/g,
  /\b(?:module\.)?exports\.[\w$]+/g,
  /\btypeof (?:module\.)?exports\b/g,
  /\bmodule\.exports\s*=\s*(?=\{)/g,
];

function commonJs(text: string, code: string): KnownExports {
  const passedOn: string[] = [];
  let rest = code.replace(
    /(?:\b[\w$]+\.)?\b__?export(?:Star)?\(\s*require\((['"])([^'"\n]+)\1\)\s*(?:,\s*exports\s*)?\)|\bmodule\.exports\s*=\s*require\((['"])([^'"\n]+)\3\)(?=\s*(?:;|$))/gm,
    (_, _quote, star: string | undefined, _other, whole: string | undefined) => {
      passedOn.push(star ?? whole ?? '');
      return '';
    },
  );
  if (passedOn.some((specifier) => !specifier.startsWith('.'))) return open;
  if (hasComputedMembers(rest)) return open;
  const assigned = /\bmodule\.exports\s*=\s*([A-Za-z_$][\w$]*)\s*(?:;|$)/m.exec(rest)?.[1];
  if (assigned !== undefined) {
    if (!isPlainlyDefined(assigned, rest)) return open;
    rest = rest.replace(/\bmodule\.exports\s*=\s*[A-Za-z_$][\w$]*/g, '');
  }
  for (const form of staticExports) rest = rest.replace(form, '');
  return /\bexports\b/.test(rest) || !/\bexports\b/.test(code)
    ? open
    : { isOpen: false, names: null, text, passedOn };
}

/** An exported object with `...others` or `[computed]: ...` among its members. */
function hasComputedMembers(code: string): boolean {
  return [...code.matchAll(/\bmodule\.exports\s*=\s*\{/g)].some(({ index }) => {
    const end = code.indexOf('\n}', index);
    const body = code.slice(index, end === -1 ? undefined : end);
    return /\.\.\.|[{,]\s*\[/.test(body);
  });
}

/** A function or class whose own members are all that it has, each set by its name. */
function isPlainlyDefined(name: string, code: string): boolean {
  const escaped = name.replaceAll('$', '\\$');
  const isDefined = new RegExp(
    `\\b(?:function\\s*\\*?\\s+${escaped}\\s*\\(|class\\s+${escaped}\\s*\\{)`,
  ).test(code);
  return (
    isDefined &&
    !new RegExp(`(?<![\\w$.])${escaped}\\s*\\[|\\([^()\\n]*(?<![\\w$.])${escaped}\\s*,`).test(code)
  );
}

function occurs(name: string, text: string): boolean {
  return new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(text);
}
