import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Language, Parser } from '@vscode/tree-sitter-wasm';

export type GrammarName =
  | 'bash'
  | 'c'
  | 'c-sharp'
  | 'cpp'
  | 'css'
  | 'go'
  | 'java'
  | 'javascript'
  | 'json'
  | 'php'
  | 'python'
  | 'ruby'
  | 'rust'
  | 'tsx'
  | 'typescript';

/**
 * Gives a new tree-sitter parser for a grammar; the caller frees it with `delete()`. The runtime and each grammar are loaded once
 * per process, on first use.
 * @throws Error when a grammar's file cannot be found or read; the next call tries again.
 */
export async function createParser(grammar: GrammarName): Promise<Parser> {
  runtime ??= loadRuntime();
  const treeSitter = await retryable(runtime, () => {
    runtime = undefined;
  });
  let language = languages.get(grammar);
  if (language === undefined) {
    language = readFile(grammarPath(grammar)).then((wasm) => treeSitter.Language.load(wasm));
    languages.set(grammar, language);
  }
  const parser = new treeSitter.Parser();
  try {
    parser.setLanguage(await retryable(language, () => languages.delete(grammar)));
  } catch (error) {
    parser.delete();
    throw error;
  }
  return parser;
}

type Runtime = typeof import('@vscode/tree-sitter-wasm');

let runtime: Promise<Runtime> | undefined;
const languages = new Map<GrammarName, Promise<Language>>();

async function loadRuntime(): Promise<Runtime> {
  // The package is CommonJS that assigns module.exports; Node gives that as the default export only.
  const { default: treeSitter } = (await import('@vscode/tree-sitter-wasm')) as unknown as {
    default: Runtime;
  };
  await treeSitter.Parser.init();
  return treeSitter;
}

async function retryable<T>(promise: Promise<T>, forget: () => void): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    forget();
    throw error;
  }
}

/**
 * C and JSON come from packages that compile native code when they are installed, so users do not get these packages: the build
 * copies their two WASM files to `grammars/` beside the bundle. In the source tree they are found in node_modules.
 */
function grammarPath(grammar: GrammarName): string {
  const isCopied = grammar === 'c' || grammar === 'json';
  const path = isCopied ? copiedGrammar(grammar) : undefined;
  if (path !== undefined) return path;
  const folder = isCopied ? `tree-sitter-${grammar}` : '@vscode/tree-sitter-wasm/wasm';
  try {
    return createRequire(import.meta.url).resolve(`${folder}/tree-sitter-${grammar}.wasm`);
  } catch (cause) {
    throw new Error(
      `tree-sitter-${grammar}.wasm is missing from this installation; install the package again`,
      { cause },
    );
  }
}

/** A bundler may put this module at any depth of `dist/`, so the folder is looked for upwards. */
function copiedGrammar(grammar: 'c' | 'json'): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < 3; level += 1) {
    const path = join(folder, 'grammars', `tree-sitter-${grammar}.wasm`);
    if (existsSync(path)) return path;
    folder = dirname(folder);
  }
  return undefined;
}
