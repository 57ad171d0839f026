import type { CommandOutcome } from '../sandbox/Sandbox.ts';
import type { Example } from './extract-examples.ts';
import { matches } from './read-literal.ts';

/** What came of an example: `unclear` where the code did not load, the function was not reached, or its result cannot be compared. */
export type ExampleOutcome =
  | { readonly type: 'held' }
  | { readonly type: 'unclear' }
  /** `problem` ends a sentence. */
  | { readonly type: 'failed'; readonly problem: string };

interface Said {
  readonly kind: string;
  readonly index: number;
  readonly value?: unknown;
  readonly names?: readonly string[];
  readonly message?: string;
}

/** Names that say that something beside the function is missing. */
const missing = new Set([
  'NameError',
  'ImportError',
  'ReferenceError',
  'EOFError',
  'ModuleNotFoundError',
  'NotImplementedError',
]);

/** Reads what an example program wrote; `mark` begins the lines that are its own. One outcome for each example, in order. */
export function exampleOutcomes(
  examples: readonly Example[],
  { end, output }: CommandOutcome,
  mark: string,
  timeMs: number,
): readonly ExampleOutcome[] {
  const said = output
    .split('\n')
    .filter((line) => line.startsWith(`${mark} `))
    .flatMap((line) => parse(line.slice(mark.length + 1)));
  const ranOutOfTime = end.type === 'stopped' && end.by === 'time';
  return examples.map((example, index) => {
    const own = said.filter((each) => each.index === index);
    const result = own.find(({ kind }) => kind === 'value' || kind === 'raised');
    if (result !== undefined) return judge(example, result, mark);
    const isUnderWay = own.length === 1 && own[0]?.kind === 'begun';
    return isUnderWay && ranOutOfTime ? failed(`it did not return within ${timeMs / 1000} s`) : unclear;
  });
}

const held: ExampleOutcome = { type: 'held' };
const unclear: ExampleOutcome = { type: 'unclear' };
const failed = (problem: string): ExampleOutcome => ({ type: 'failed', problem });

function judge({ expected }: Example, result: Said, mark: string): ExampleOutcome {
  if (result.kind === 'raised') {
    const names = result.names ?? [];
    if (expected.type === 'exception' && (expected.name === null || names.includes(expected.name)))
      return held;
    if (names.some((name) => missing.has(name))) return unclear;
    return failed(`it raised ${names[0]}: ${result.message}`);
  }
  const gave = failed(`it gave ${shown(result.value, mark)}`);
  if (expected.type === 'exception') return gave;
  return matches(expected.value, result.value) ? held : gave;
}

function parse(text: string): readonly Said[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return [];
  }
}

function shown(value: unknown, mark: string): string {
  const json = JSON.stringify(value) ?? 'nothing';
  const text = json.replaceAll(new RegExp(`\\{"${mark}":"(-?\\w+)"\\}`, 'g'), '$1');
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
