import { mavenFailures } from './maven-failures.ts';

/** One thing that a check complains of. */
export interface Failure {
  /** Relative to the workspace; absent where the tool names none, or one outside. */
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** The test that failed. */
  readonly test?: string;
  /** A whole line or a few, of the tool's own words. */
  readonly message: string;
}

/** All of them are compared with those of the unchanged workspace, so a project may have many that fail already. */
const mostFailures = 5_000;
const mostMessageLength = 400;

/**
 * Reads failures from the output of compilers, linters and test runners: tsc, eslint, biome, vitest, jest, node:test, pytest, unittest,
 * cargo, go, javac, Maven, and what else writes `file:line:column: message`. Files outside of the workspace and in node_modules are not
 * taken for the place of a failure. `isFile` says whether a relative path is a file of the workspace.
 */
export function parseFailures(
  output: string,
  workspaceFolder: string,
  isFile: (path: string) => boolean,
): readonly Failure[] {
  const lines = output.split('\n');
  const place = (path: string): string | undefined => relativePath(path, workspaceFolder, isFile);
  const read = readers.flatMap((reader) => reader(lines, place));
  const failures = read.length > 0 ? read : generic(lines, place);
  const seen = new Set<string>();
  return failures
    .map((failure) => ({ ...failure, message: shorten(failure.message) }))
    .filter((failure) => {
      const key = failure.test ?? `${failure.file}:${failure.line}:${failure.message}`;
      return !seen.has(key) && seen.add(key);
    })
    .slice(0, mostFailures);
}

/** What makes two failures the same although lines moved and times differ: a test by its name, else place and words without numbers. */
export function failureKey({ file, test, message }: Failure): string {
  if (test !== undefined) return `${file ?? ''}|test|${test}`;
  return `${file ?? ''}|${message.replace(/\d+/g, '#')}`;
}

type Reader = (lines: readonly string[], place: (path: string) => string | undefined) => Failure[];

const readers: readonly Reader[] = [
  typescript,
  eslint,
  biome,
  rustErrors,
  rustTests,
  goTests,
  pytest,
  unittest,
  vitest,
  jest,
  nodeTest,
  mavenFailures,
];

function typescript(lines: readonly string[], place: Place): Failure[] {
  return lines.flatMap((line) => {
    const match = /^(\S.*?)(?:\((\d+),\d+\)|:(\d+):\d+)(?: -|:) error (TS\d+: .*)$/.exec(line);
    return match ? [failure(place(match[1] ?? ''), match[2] ?? match[3], match[4])] : [];
  });
}

type Place = (path: string) => string | undefined;

function eslint(lines: readonly string[], place: Place): Failure[] {
  const found: Failure[] = [];
  let file: string | undefined;
  for (const line of lines) {
    if (/^\S.*\.\w+$/.test(line)) file = place(line.trim());
    const match = /^\s+(\d+):\d+\s+error\s+(.+)$/.exec(line);
    if (match && file !== undefined) found.push(failure(file, match[1], match[2]?.replace(/\s{2,}/g, ' ')));
  }
  return found;
}

function biome(lines: readonly string[], place: Place): Failure[] {
  return lines.flatMap((line, index) => {
    const match = /^(\S+?):(\d+):\d+ ((?:lint|parse|assist|format)\S*)\s.*━/.exec(line);
    if (!match) return [];
    const said = lines.slice(index + 1, index + 5).find((text) => /^\s*[×✖!]/.test(text)) ?? '';
    return [failure(place(match[1] ?? ''), match[2], `${match[3]}: ${said.replace(/^\s*\S\s*/, '')}`)];
  });
}

function rustErrors(lines: readonly string[], place: Place): Failure[] {
  return lines.flatMap((line, index) => {
    const error = /^(error(?:\[E\d+\])?: .*)$/.exec(line);
    if (!error) return [];
    const at = lines
      .slice(index + 1, index + 4)
      .map((text) => /^\s*--> (.+?):(\d+):\d+/.exec(text))
      .find(Boolean);
    return at ? [failure(place(at[1] ?? ''), at[2], error[1])] : [];
  });
}

function rustTests(lines: readonly string[], place: Place): Failure[] {
  return lines.flatMap((line, index) => {
    const match = /^thread '(.+?)'(?: \(\d+\))? panicked at (.+?):(\d+):\d+:?$/.exec(line);
    if (!match) return [];
    return [
      {
        ...failure(place(match[2] ?? ''), match[3], lines.slice(index + 1, index + 4).join('\n')),
        test: match[1] ?? '',
      },
    ];
  });
}

function goTests(lines: readonly string[], place: Place): Failure[] {
  return lines.flatMap((line, index) => {
    const match = /^\s*--- FAIL: (\S+)/.exec(line);
    if (!match) return [];
    const detail = lines
      .slice(index + 1, index + 4)
      .map((text) => /^\s+(\S+\.go):(\d+): (.*)$/.exec(text))
      .find(Boolean);
    return [
      { ...failure(place(detail?.[1] ?? ''), detail?.[2], detail?.[3] ?? line.trim()), test: match[1] ?? '' },
    ];
  });
}

function pytest(lines: readonly string[], place: Place): Failure[] {
  const sections = pytestSections(lines);
  return lines.flatMap((line) => {
    const match = /^(?:FAILED|ERROR) ([^\s:]+\.py)(?:::(\S+))?(?: - (.*))?$/.exec(line);
    if (!match) return [];
    const file = match[1] ?? '';
    const name = match[2]?.split('::').at(-1)?.replace(/\[.*/, '') ?? '';
    const body = sections.get(match[2] === undefined ? file : name) ?? [];
    const at = body
      .filter((text) => text.startsWith(`${file}:`))
      .map((text) => /^:(\d+): /.exec(text.slice(file.length)))
      .find(Boolean);
    const said = match[3] ?? body.find((text) => /^E\s/.test(text))?.replace(/^E\s+/, '') ?? line;
    return [{ ...failure(place(file), at?.[1], said), ...(match[2] !== undefined && { test: match[2] }) }];
  });
}

/** What pytest tells of each test under a heading such as `___ TestCart.test_total[1] ___`, by its bare name; of a file that cannot be loaded, by that. */
function pytestSections(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const headings = lines.flatMap((line, index) => {
    const title = /^_+ (.+) _+$/.exec(line)?.[1];
    if (title === undefined) return [];
    const collected = /^ERROR collecting (.+)$/.exec(title)?.[1];
    return [{ index, name: collected ?? title.replace(/\[.*/, '').split(/[ .]/).at(-1) ?? '' }];
  });
  const sections = new Map<string, readonly string[]>();
  for (const [at, { index, name }] of headings.entries()) {
    const end = Math.min(headings[at + 1]?.index ?? lines.length, index + longestSection);
    if (!sections.has(name)) sections.set(name, lines.slice(index + 1, end));
  }
  return sections;
}

const longestSection = 400;

function unittest(lines: readonly string[], place: Place): Failure[] {
  return lines.flatMap((line, index) => {
    const match = /^(?:FAIL|ERROR): (\S+ \(.+?\))/.exec(line);
    if (!match) return [];
    const section = lines.slice(index + 1, index + longestSection);
    const end = section.findIndex((text, at) => at > 1 && /^(?:=|-){60,}$/.test(text));
    const body = section.slice(0, end < 0 ? 30 : end);
    const frames = body
      .map((text) => /^\s+File "(.+?)", line (\d+)/.exec(text))
      .filter((frame) => frame !== null);
    const at = frames.findLast((frame) => place(frame[1] ?? '') !== undefined);
    const said = body.findLast((text) => /^\w[\w.]*(?:Error|Exception|Exit|Interrupt)\b/.test(text)) ?? line;
    return [{ ...failure(place(at?.[1] ?? ''), at?.[2], said), test: match[1] ?? '' }];
  });
}

function vitest(lines: readonly string[], place: Place): Failure[] {
  return lines.flatMap((line, index) => {
    const match = /^\s*FAIL\s+(?:\|?[\w-]+\|?\s+)?(\S+\.[cm]?[jt]sx?)(?:\s+>\s+(.+)|\s+\[.*)?\s*$/.exec(line);
    if (!match) return [];
    const after = lines.slice(index + 1, index + 40);
    // Jest's own line of that form is followed by its bullets, which have the names.
    if (match[2] === undefined && after.some((text) => /^\s+● /.test(text))) return [];
    const at = after
      .map((text) => /❯ (?:.*\()?(\S+?):(\d+):\d+\)?$/.exec(text))
      .find((each) => each && place(each[1] ?? '') !== undefined);
    const said = after.find((text) => text.trim() !== '' && !/^\s*FAIL/.test(text)) ?? line;
    const file = place(at?.[1] ?? '') ?? place(match[1] ?? '');
    return [{ ...failure(file, at?.[2], said), ...(match[2] !== undefined && { test: match[2].trim() }) }];
  });
}

function jest(lines: readonly string[], place: Place): Failure[] {
  return lines.flatMap((line, index) => {
    const match = /^\s+● (.+)$/.exec(line);
    if (!match) return [];
    const next = lines.findIndex((text, at) => at > index && /^\s+● |^Test Suites:/.test(text));
    const body = lines.slice(index + 1, next < 0 ? index + 40 : next);
    const at = body
      .map((text) => /\(?([^\s(]+?):(\d+):\d+\)?$/.exec(text))
      .find((each) => each && place(each[1] ?? '') !== undefined);
    const said = firstWords(body);
    return [{ ...failure(place(at?.[1] ?? ''), at?.[2], said || line), test: match[1] ?? '' }];
  });
}

/** Both of its reporters: `spec`, which a terminal gets, and TAP. */
function nodeTest(lines: readonly string[], place: Place): Failure[] {
  const spec = lines.flatMap((line, index) => {
    const match = /^test at (.+?):(\d+):\d+$/.exec(line);
    if (!match) return [];
    const name = /^\s*✖ (.+?)(?: \([\d.]+ms\))?$/.exec(lines[index + 1] ?? '')?.[1];
    if (name === undefined) return [];
    const body = lines.slice(index + 2, index + 30);
    const said = firstWords(body);
    const thrown = body
      .map((text) => /\(?(?:file:\/\/)?(\/[^\s(]+?):(\d+):\d+\)?$/.exec(text))
      .find((each) => each && place(each[1] ?? '') !== undefined);
    const own = place(match[1] ?? '');
    return [
      { ...failure(place(thrown?.[1] ?? '') ?? own, thrown?.[2] ?? match[2], said || name), test: name },
    ];
  });
  const tap = lines.flatMap((line, index) => {
    const match = /^\s*not ok \d+ - (.+)$/.exec(line);
    if (!match) return [];
    const body = lines.slice(index + 1, index + 20);
    if (body.some((text) => /failureType: 'subtestsFailed'/.test(text))) return [];
    const at = body.map((text) => /^\s+location: '(.+?):(\d+):\d+'/.exec(text)).find(Boolean);
    const errorAt = body.findIndex((text) => /^\s+error: /.test(text));
    const said = body
      .slice(errorAt, errorAt + 3)
      .join(' ')
      .replace(/\s+/g, ' ')
      .trim();
    return [{ ...failure(place(at?.[1] ?? ''), at?.[2], said), test: match[1] ?? '' }];
  });
  return [...spec, ...tap];
}

/** What nobody else has read: `file:line:column: message`, `file:line: message`, and Python's tracebacks. */
function generic(lines: readonly string[], place: Place): Failure[] {
  return lines.flatMap((line, index) => {
    if (/\bwarning\b/i.test(line)) return [];
    const traceback = /^\s*File "(.+?)", line (\d+)/.exec(line);
    if (traceback) {
      const isLast = !lines.slice(index + 1, index + 4).some((text) => /^\s*File "/.test(text));
      const said = lines
        .slice(index + 1, index + 6)
        .find((text) => /^(?:E\s+)?\w*(?:Error|Exception)\b/.test(text));
      const file = place(traceback[1] ?? '');
      return isLast && file !== undefined && said !== undefined ? [failure(file, traceback[2], said)] : [];
    }
    const match = /^\s*(?:vet: )?([\w@./+-]+\.\w{1,6}):(\d+)(?::\d+)?:? +(?:error:? )?(.{3,})$/.exec(line);
    const file = place(match?.[1] ?? '');
    return match && file !== undefined ? [failure(file, match[2], match[3])] : [];
  });
}

/** What a runner says under a test's name, without its stack. */
function firstWords(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^at /.test(line))
    .slice(0, 4)
    .join(' ');
}

function failure(file: string | undefined, line: string | undefined, message: string | undefined): Failure {
  return {
    message: (message ?? '').trim() || 'it failed',
    ...(file !== undefined && { file }),
    ...(file !== undefined && line !== undefined && { line: Number(line) }),
  };
}

function relativePath(
  path: string,
  workspaceFolder: string,
  isFile: (path: string) => boolean,
): string | undefined {
  const plain = path.replace(/^file:\/\//, '').trim();
  const relative = plain.startsWith(`${workspaceFolder}/`) ? plain.slice(workspaceFolder.length + 1) : plain;
  const normal = relative.replace(/^\.\//, '');
  if (normal === '' || normal.startsWith('/') || /(?:^|\/)(?:node_modules|\.\.)(?:\/|$)/.test(normal))
    return undefined;
  return isFile(normal) ? normal : undefined;
}

function shorten(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > mostMessageLength ? `${trimmed.slice(0, mostMessageLength - 1)}…` : trimmed;
}
