import type { Failure } from './parse-failures.ts';

/** Reads what Maven's compiler plugin (javac, kotlinc) and Surefire's summary complain of; `place` makes a path one of the workspace. */
export function mavenFailures(
  lines: readonly string[],
  place: (path: string) => string | undefined,
): Failure[] {
  const files = filesOfTests(lines);
  return lines.flatMap((line): Failure[] => {
    const compiler = /^\[ERROR\] (\S+\.(?:java|kt)):\[(\d+),\d+\] (.*)$/.exec(line);
    if (compiler) {
      const [, path = '', number, message = ''] = compiler;
      const file = place(path);
      return [{ message, ...(file !== undefined && { file, line: Number(number) }) }];
    }
    const summary =
      /^\[ERROR\]\s+(?:\w+>)?(\w*(?:Test|IT\b|Spec\b)\w*)\.(\w+):(\d+)(?:->\S+)* (?:» )?(.*)$/.exec(line);
    if (summary === null) return [];
    const [, className = '', method = '', number = '', said = ''] = summary;
    const test = `${className}.${method}`;
    const file = place(files.get(`${test}:${number}`) ?? '');
    return file === undefined
      ? [{ message: `${test}:${number} ${said}`, test }]
      : [{ message: said, test, file, line: Number(number) }];
  });
}

/** By test and line: the summary names no package; the stacks above it do, and the file stands where Maven wants it. */
function filesOfTests(lines: readonly string[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const line of lines) {
    const frame = /^\s+at (?:[^\s/]+\/)*((?:\w+\.)*)(\w+\.\w+)\((\w+\.(java|kt)):(\d+)\)$/.exec(line);
    if (frame === null) continue;
    const [, packages = '', test = '', file = '', language, number = ''] = frame;
    const sources = `src/test/${language === 'kt' ? 'kotlin' : 'java'}`;
    files.set(`${test}:${number}`, `${sources}/${packages.replaceAll('.', '/')}${file}`);
  }
  return files;
}
