import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CodeBlock } from '../../agents/critic/code-blocks.ts';
import type { Issue } from '../../agents/verdict.ts';
import { makeScratch, removeScratch } from '../../config/scratch-folder.ts';
import { codeOf } from '../../errors.ts';
import type { SandboxSearch } from '../sandbox/find-sandbox.ts';
import { defaultLimits } from '../sandbox/Sandbox.ts';
import { commentText } from './comment-text.ts';
import { exampleOutcomes } from './example-outcome.ts';
import {
  definedFunctions,
  type ExampleLanguage,
  exampleLanguage,
  exampleProgram,
} from './example-programs.ts';
import { type Example, extractExamples } from './extract-examples.ts';

export interface ExampleRunnerOptions {
  /** For all examples of one code block. Default 10 s. */
  readonly timeMs?: number;
}

export interface ExampleRunnerPorts {
  readonly sandbox: () => Promise<SandboxSearch>;
}

/** Code to try: a block of an answer, or a file. */
export type CodeToTry = Pick<CodeBlock, 'number' | 'language' | 'code' | 'line'>;

/**
 * Runs the examples that a task and docstrings give against the code of an answer, in the sandbox. An issue is only what is certain: the
 * function was called with the example's arguments, and gave another value, raised what it should not, or did not end. Code that does not
 * load (a package is missing, it asks for input) and results that cannot be compared are no issue.
 */
export class ExampleRunner {
  readonly #timeMs: number;
  readonly #ports: ExampleRunnerPorts;

  constructor(options: ExampleRunnerOptions, ports: ExampleRunnerPorts) {
    this.#timeMs = options.timeMs ?? 10_000;
    this.#ports = ports;
  }

  /** @throws The signal's reason, when it is aborted. Everything else that goes wrong is a warning. */
  async run(task: string, blocks: readonly CodeToTry[], signal?: AbortSignal): Promise<readonly Issue[]> {
    const trials = blocks.flatMap((block) => trialOf(task, block) ?? []);
    if (trials.length === 0) return [];
    try {
      const search = await this.#ports.sandbox();
      if (!search.found) return [notRun(`there is no sandbox (${search.why}); ${search.howToGetOne}`)];
      const issues: Issue[] = [];
      for (const trial of trials) issues.push(...(await this.#try(trial, search, signal)));
      return issues;
    } catch (error) {
      const code = codeOf(error);
      if (signal?.aborted || code === undefined) throw error;
      return [notRun(`they could not be prepared in ${tmpdir()} (${code})`)];
    }
  }

  async #try(
    { block, language, examples }: Trial,
    search: SandboxSearch & { readonly found: true },
    signal: AbortSignal | undefined,
  ): Promise<readonly Issue[]> {
    const mark = randomBytes(12).toString('hex');
    const program = exampleProgram(block.code, language, examples, mark);
    if (program === null) return [];
    const scratch = makeScratch('examples');
    try {
      const homeFolder = join(scratch, 'home');
      const outcome = await search.sandbox.run(
        {
          argv: program.argv,
          input: program.input,
          folder: search.mode === 'none' ? tmpdir() : '/tmp',
          mounts: [],
          homeFolder,
          environment: {},
          limits: { ...defaultLimits, timeMs: this.#timeMs, outputBytes: 200_000 },
        },
        signal,
      );
      const outcomes = exampleOutcomes(examples, outcome, mark, this.#timeMs);
      return examples.flatMap((example, index) => {
        const came = outcomes[index];
        return came?.type === 'failed' ? [failedExample(block, example, came.problem)] : [];
      });
    } finally {
      await removeScratch(scratch);
    }
  }
}

function notRun(why: string): Issue {
  return {
    kind: 'not-checked',
    severity: 'warning',
    message: `The examples of the task were not run: ${why}.`,
  };
}

interface Trial {
  readonly block: CodeToTry;
  readonly language: ExampleLanguage;
  readonly examples: readonly Example[];
}

function trialOf(task: string, block: CodeToTry): Trial | undefined {
  const language = exampleLanguage(block.language);
  if (language === undefined) return undefined;
  const functions = definedFunctions(block.code, language);
  const only = functions.length === 1 ? functions[0] : undefined;
  const examples = [
    ...extractExamples(task, only),
    ...extractExamples(commentText(block.code, language), only),
  ];
  const callable = examples.filter(({ functionName }) => functions.includes(functionName));
  return callable.length === 0 ? undefined : { block, language, examples: callable };
}

function failedExample(block: CodeToTry, example: Example, problem: string): Issue {
  return {
    kind: 'failed-example',
    severity: 'error',
    message: `In code block ${block.number}, the example "${example.text}" fails: ${problem}.`,
    line: block.line,
    block: block.number,
    language: block.language,
  };
}
