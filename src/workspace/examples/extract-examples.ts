import { type Literal, readArguments, readLiteral, readWholeLiteral } from './read-literal.ts';

/** What a function is said to give for some arguments. */
export interface Example {
  readonly functionName: string;
  readonly arguments: readonly Literal[];
  readonly expected:
    | { readonly type: 'value'; readonly value: Literal }
    /** `name`: of the exception's class; null for any. */
    | { readonly type: 'exception'; readonly name: string | null };
  /** As it stands in the text, for people. */
  readonly text: string;
  /** 1-based, in the text that it was found in. */
  readonly line: number;
  /** Whether it says what is to be (`should`, `must`, "instead of"), and not merely what is, as in the report of a bug. */
  readonly isDemand: boolean;
}

const mostExamples = 40;
/** Of a line, behind the beginning of a call. Nobody writes a longer example in one. */
const longestExample = 2_000;

/**
 * Finds input/output examples in a text, a task or code with docstrings and comments:
 *
 *     >>> f(1)
 *     2
 *     f(1) returns 2        f(1) should return 2      f(1) -> 2     f(1) => 2     f(1) == 2     f(1) === 2     f(1) raises ValueError
 *     f(1) returns 1 instead of 2                     f(1) returns 1, but should return 2
 *     | input | output |    with one function to call, named by `onlyFunction`
 *
 * Only what is certain: all arguments and the result are literals, and nothing follows that could belong to the expression. An example that
 * contradicts another one is left out with it.
 */
export function extractExamples(text: string, onlyFunction?: string): readonly Example[] {
  const lines = text.split('\n');
  const found = [
    ...sessions(lines),
    ...lines.flatMap((line, index) => statements(line, index + 1)),
    ...tables(lines, onlyFunction),
  ];
  const byCall = new Map<string, Example[]>();
  for (const example of found) {
    const call = `${example.functionName}${JSON.stringify(example.arguments)}`;
    const known = byCall.get(call);
    if (known) known.push(example);
    else byCall.set(call, [example]);
  }
  const agreed = [...byCall.values()].flatMap((examples) => {
    // What is to be goes before what is.
    const demands = examples.filter(({ isDemand }) => isDemand);
    const counting = demands.length > 0 ? demands : examples;
    const said = new Set(counting.map(({ expected }) => JSON.stringify(expected)));
    return said.size === 1 ? counting.slice(0, 1) : [];
  });
  return agreed.slice(0, mostExamples);
}

function sessions(lines: readonly string[]): Example[] {
  return lines.flatMap((line, index): Example[] => {
    if (line.length > longestExample) return [];
    const prompt = /^[\s*#/]*>>> (.+)$/.exec(line);
    const call = prompt ? readCall(prompt[1] ?? '') : null;
    const answer = (lines[index + 1] ?? '').replace(/^[\s*#/]*/, '').trim();
    if (call === null || call.rest.trim() !== '' || answer === '' || answer.startsWith('>>>')) return [];
    const text = `${(prompt?.[1] ?? '').trim()} gives ${answer}`;
    const place = { line: index + 1, isDemand: false };
    if (answer.startsWith('Traceback')) {
      const after = lines.slice(index + 2, index + 8).map((each) => each.replace(/^[\s*#/]*/, '').trim());
      const name = after
        .map((each) => /^([A-Z]\w*(?:Error|Exception|Exit))\b/.exec(each)?.[1])
        .find((each) => each !== undefined);
      if (name === undefined) return [];
      return [
        {
          ...withoutRest(call),
          ...place,
          expected: { type: 'exception', name },
          text: `${(prompt?.[1] ?? '').trim()} raises ${name}`,
        },
      ];
    }
    // Three dots stand for whatever there is, where doctest is told so.
    const value = answer.includes('...') ? null : readWholeLiteral(answer);
    // An answer of several lines is not read, and so is its first line not.
    const next = (lines[index + 2] ?? '').replace(/^[\s*#/]*/, '').trim();
    const isWhole =
      next === '' ||
      /^(?:>>>|"""|'''|```|@|:|[A-Z][a-z]+)/.test(next) ||
      /^(?:def|return|if|for|while|import|from)\b/.test(next) ||
      /^\/$/.test(next);
    return value === null || !isWhole
      ? []
      : [{ ...withoutRest(call), ...place, expected: { type: 'value', value }, text }];
  });
}

const stating =
  /^\s*(?:(?:should |must |will |would )?(?:returns?|gives?|yields?|equals?|evaluates? to|be equal to|be)|is|->|=>|→|===?|-->)\s*/;
const demanding = /^\s*(?:should|must|will|would)\b/;
const raising =
  /^\s*(?:should |must |will |would )?(?:raises?|throws?)\s+(?:an? )?(?:([A-Z]\w*(?:Error|Exception))\b|(?:error|exception)\b)/;

/** What follows a value that is given, before the one that should be. */
const correcting =
  /^\s*,?\s*(?:instead of|rather than|(?:but|and|when|where|although|which)?,?\s*(?:it |that |this )?(?:should|must|ought to|has to|was expected to|is expected to)(?: (?:have )?(?:returned?|give|given|yield|equal|be|been))?)\s+/;

function statements(line: string, lineNumber: number): Example[] {
  if (/^\s*(?:>>>|\||assert\b|return\b|if\b|while\b|const\b|let\b|var\b|def\b|function\b)/.test(line))
    return [];
  const found: Example[] = [];
  const plain = line.replaceAll('`', '');
  for (const match of plain.matchAll(/(?<![\w.)\]!-])[A-Za-z_]\w*\(/g)) {
    const shown = plain.slice(match.index, match.index + longestExample);
    const call = readCall(shown);
    if (call === null || /(?:\bnot|n't)\s*$/.test(call.rest.slice(0, 12))) continue;
    const said = shown.slice(0, shown.length - call.rest.length);
    const exception = raising.exec(call.rest);
    if (exception) {
      const name = exception[1] ?? null;
      found.push({
        ...withoutRest(call),
        line: lineNumber,
        isDemand: demanding.test(call.rest),
        expected: { type: 'exception', name },
        text: `${said} raises ${name ?? 'an error'}`,
      });
      continue;
    }
    const verb = stating.exec(call.rest);
    if (verb === null) continue;
    const read = readValue(call.rest.slice(verb[0].length));
    if (read === null) continue;
    const { value, stated } = read;
    found.push({
      ...withoutRest(call),
      line: lineNumber,
      isDemand: read.isCorrection || demanding.test(call.rest),
      expected: { type: 'value', value },
      text: `${said} gives ${stated}`,
    });
  }
  return found;
}

/** The value that a statement ends with; of one that is given and one that should be, the latter. */
function readValue(
  text: string,
): { readonly value: Literal; readonly stated: string; readonly isCorrection: boolean } | null {
  const first = readLiteral(text);
  if (first === null) return null;
  const correction = correcting.exec(first.rest);
  const start = correction ? first.rest.slice(correction[0].length) : text;
  const read = correction ? readLiteral(start) : first;
  if (read === null || !endsThere(read.rest)) return null;
  const stated = start.slice(0, start.length - read.rest.length).trim();
  return { value: read.literal, stated, isCorrection: correction !== null };
}

/** What may follow a result without being a part of it. */
function endsThere(rest: string): boolean {
  return /^\s*(?:$|[.;](?:\s|$)|,(?!\s*[\d"'([{])|[)!?](?:\s|$|[.,])|\s(?:and|but|because|since|while|whereas|for|as|#|\/\/|\(|\*\/)(?:\s|\w|$))/.test(
    rest,
  );
}

/** A table whose head names an input and an output, each cell a literal. */
function tables(lines: readonly string[], onlyFunction: string | undefined): Example[] {
  const found: Example[] = [];
  let columns: { input: number; output: number } | undefined;
  for (const [index, line] of lines.entries()) {
    if (line.length > longestExample || !/^\s*\|.*\|\s*$/.test(line)) {
      columns = undefined;
      continue;
    }
    const cells = line
      .trim()
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', ''));
    if (columns === undefined) {
      const input = cells.findIndex((cell) => /^(?:input|call|argument|example)s?$/i.test(cell));
      const expected = cells.findIndex((cell) => /^expected(?: (?:output|result|value))?$/i.test(cell));
      const output =
        expected >= 0
          ? expected
          : cells.findIndex((cell) => /^(?:output|result|returns?|value)(?: value)?$/i.test(cell));
      if (input >= 0 && output >= 0) columns = { input, output };
      continue;
    }
    if (cells.every((cell) => /^:?-+:?$/.test(cell))) continue;
    const input = cells[columns.input] ?? '';
    const value = readWholeLiteral(cells[columns.output] ?? '');
    const call = readCall(input);
    const argument = readWholeLiteral(input);
    if (value === null) continue;
    const expected = { type: 'value', value } as const;
    const text = `${input} gives ${cells[columns.output]}`;
    const place = { line: index + 1, isDemand: true };
    if (call !== null && call.rest.trim() === '')
      found.push({ ...withoutRest(call), ...place, expected, text });
    else if (argument !== null && onlyFunction !== undefined) {
      found.push({
        ...place,
        functionName: onlyFunction,
        arguments: [argument],
        expected,
        text: `${onlyFunction}(${input}) gives ${cells[columns.output]}`,
      });
    }
  }
  return found;
}

function readCall(
  text: string,
): { functionName: string; arguments: readonly Literal[]; rest: string } | null {
  const name = /^([A-Za-z_]\w*)\(/.exec(text);
  const read = name ? readArguments(text.slice(name[0].length)) : null;
  return name && read ? { functionName: name[1] ?? '', arguments: read.items, rest: read.rest } : null;
}

function withoutRest({
  functionName,
  arguments: given,
}: {
  functionName: string;
  arguments: readonly Literal[];
}) {
  return { functionName, arguments: given };
}
