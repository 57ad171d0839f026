import type { Node, Parser, Tree } from '@vscode/tree-sitter-wasm';
import { messageOf } from '../../errors.ts';
import type { Issue } from '../verdict.ts';
import { blockName, blockPlace, type CodeBlock } from './code-blocks.ts';
import { withoutElisions } from './elisions.ts';
import { createParser, type GrammarName } from './grammars.ts';
import { type LanguageRules, type Reading, rulesFor } from './languages.ts';
import type { ReviewedAnswer } from './reviewed-answer.ts';

export interface SyntaxOptions {
  /** UTF-16 units; a longer block is not parsed, and a warning says so. */
  readonly maxBlockLength: number;
  /** Time for parsing all blocks of an answer together, grammars are loaded beside it; what is not parsed by then is named in warnings. */
  readonly timeLimitMs: number;
  /** The answer's text from which excerpts are quoted, with secrets masked. */
  readonly maskedText: string;
  readonly nowMs: () => number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Finds code blocks that do not parse, with tree-sitter's grammars. A block is checked when its label names a language of
 * `languages.ts`; unlabelled blocks, console sessions, diffs and text never are. A block passes when one of its readings parses:
 * as it stands, without its common indentation, as a fragment inside a class, function or object, or with placeholders that the
 * elided-code check reports taken out. The block that an open fence cut off is left to the cut-off check. At most three places
 * are reported per block. Faults in C and C++ that may come from a macro, and faults in zsh, are only warnings.
 * Known mistakes: tree-sitter is more lenient than compilers (duplicate names, types, wrong operators and Python's indentation in
 * part pass); a language version or a dialect that the grammar does not know (Flow types in js) is reported as an error.
 * @throws The signal's reason, when it is aborted.
 */
export async function findSyntaxErrors(
  answer: ReviewedAnswer,
  options: SyntaxOptions,
): Promise<readonly Issue[]> {
  const issues: Issue[] = [];
  let deadlineMs = options.nowMs() + options.timeLimitMs;
  const parsers = new Map<GrammarName, Parser>();
  const parse = async (reading: Reading, code: string): Promise<Tree> => {
    options.signal?.throwIfAborted();
    const askedMs = options.nowMs();
    const parser = parsers.get(reading.grammar) ?? (await createParser(reading.grammar));
    parsers.set(reading.grammar, parser);
    // Loading a grammar for the first time takes seconds where the machine is busy, and says nothing of the answer.
    deadlineMs += options.nowMs() - askedMs;
    const isOver = (): boolean => options.nowMs() > deadlineMs;
    const tree = isOver()
      ? null
      : parser.parse(reading.before + code + reading.after, null, { progressCallback: isOver });
    if (tree === null) {
      parser.reset();
      throw new Error(`the time limit of ${options.timeLimitMs} ms for parsing one answer has passed`);
    }
    return tree;
  };

  const lines = options.maskedText.split(/\r\n|\n|\r/);
  try {
    for (const block of answer.blocks) {
      const rules = rulesFor(block.language);
      if (rules === undefined || block.endedBy === 'end-of-text' || block.code.trim() === '') continue;
      if (block.code.length > options.maxBlockLength) {
        issues.push(notChecked(block, `it is longer than ${options.maxBlockLength} characters`));
        continue;
      }
      try {
        const faults = await findFaults(block, rules, parse);
        const faultLines = faults.map((fault) => fault.line);
        const doubt = faults.length === 0 ? undefined : rules.doubt?.(block.code, faultLines);
        for (const fault of faults) {
          issues.push(syntaxError(block, fault, lines[block.line + fault.line] ?? '', doubt));
        }
      } catch (error) {
        options.signal?.throwIfAborted();
        issues.push(notChecked(block, messageOf(error)));
      }
    }
  } finally {
    for (const parser of parsers.values()) parser.delete();
  }
  return issues;
}

/** A place that does not parse. */
interface Fault {
  /** 0-based line within the block. */
  readonly line: number;
  /** What the parser had to make up to go on, such as `}`; absent where it had to skip something. */
  readonly missing?: string;
}

const mostFaults = 3;

async function findFaults(
  block: CodeBlock,
  rules: LanguageRules,
  parse: (reading: Reading, code: string) => Promise<Tree>,
): Promise<readonly Fault[]> {
  const lineCount = block.code.split('\n').length;
  let best: readonly Fault[] | undefined;
  for (const code of variantsOf(block, rules)) {
    for (const reading of readingsOf(block, rules)) {
      if (reading.onlyIf?.test(code) === false) continue;
      const tree = await parse(reading, code);
      try {
        if (!tree.rootNode.hasError) return [];
        const faults = faultsOf(tree.rootNode, lineCount);
        // The reading that fails in the fewest places is the one that its author meant; the plainest wins a tie.
        if (best === undefined || faults.length < best.length) best = faults;
      } finally {
        tree.delete();
      }
    }
  }
  return (best ?? []).slice(0, mostFaults);
}

/** A whole file is no fragment: it must parse as it stands, where its language has a reading for that. */
function readingsOf(block: CodeBlock, { readings }: LanguageRules): readonly Reading[] {
  const whole =
    block.file === undefined ? [] : readings.filter(({ before, after }) => before === '' && after === '');
  return whole.length > 0 ? whole : readings;
}

/** The block's code as written, then with what is not code taken out; never more lines or fewer. */
function* variantsOf(block: CodeBlock, rules: LanguageRules): Generator<string> {
  const seen = new Set<string>();
  const normalize = rules.normalize ?? ((code: string) => code);
  const fillGaps = rules.fillGaps ?? normalize;
  const code = dedent(block.code);
  const rest = withoutElisions(block);
  const variants = [code, normalize(code), ...(rest === block.code ? [] : [fillGaps(dedent(rest))])];
  for (const variant of variants) {
    if (!seen.has(variant)) yield variant;
    seen.add(variant);
  }
}

function dedent(code: string): string {
  const lines = code.split('\n');
  const first = /^[ \t]+/.exec(lines.find((line) => line.trim() !== '') ?? '')?.[0] ?? '';
  let indent = first;
  for (const line of lines) {
    if (line.trim() === '') continue;
    while (!line.startsWith(indent)) indent = indent.slice(0, -1);
  }
  return indent === '' ? code : lines.map((line) => line.slice(indent.length)).join('\n');
}

/** The outermost errors, in order; one node more than is reported suffices to compare readings, but a few more compare better. */
function faultsOf(root: Node, lineCount: number): readonly Fault[] {
  const faults: Fault[] = [];
  const pending: Node[] = [root];
  for (let node = pending.pop(); node !== undefined && faults.length < 20; node = pending.pop()) {
    const line = Math.min(node.startPosition.row, lineCount - 1);
    if (node.isMissing) faults.push({ line, missing: node.type });
    else if (node.isError) faults.push({ line });
    else if (node.hasError) {
      for (const child of node.children.toReversed()) if (child !== null) pending.push(child);
    }
  }
  return faults;
}

function syntaxError(block: CodeBlock, fault: Fault, sourceLine: string, doubt: string | undefined): Issue {
  const line = block.line + 1 + fault.line;
  const near = sourceLine.trim();
  const excerpt = near === '' ? '' : `, near "${near.length > 80 ? `${near.slice(0, 79)}…` : near}"`;
  const what = fault.missing === undefined ? 'syntax error' : `"${fault.missing}" is missing`;
  return {
    kind: 'syntax-error',
    severity: doubt === undefined ? 'error' : 'warning',
    message:
      `${blockName(block)} does not parse: ${what} at line ${line}${excerpt}` +
      `${doubt === undefined ? '' : `; it may be correct all the same, as ${doubt}`}.`,
    line,
    ...blockPlace(block),
  };
}

function notChecked(block: CodeBlock, reason: string): Issue {
  return {
    kind: 'not-checked',
    severity: 'warning',
    message: `The syntax of ${blockName(block).replace(/^Code/, 'code')} was not checked: ${reason}.`,
    line: Math.max(1, block.line),
    ...blockPlace(block),
  };
}
