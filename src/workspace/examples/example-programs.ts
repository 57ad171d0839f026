import { stripTypeScriptTypes } from 'node:module';
import type { Example } from './extract-examples.ts';
import { toJson } from './read-literal.ts';

export type ExampleLanguage = 'python' | 'javascript' | 'typescript';

/** A program that calls functions with the arguments of examples and writes what came of each. */
export interface ExampleProgram {
  readonly argv: readonly [string, ...string[]];
  /** What the program reads from its input: it holds everything, so that nothing need be written anywhere. */
  readonly input: string;
}

/** The language of a code block's label; undefined where examples of it are not run. */
export function exampleLanguage(label: string): ExampleLanguage | undefined {
  if (/^(?:python|py|python3|py3)$/.test(label)) return 'python';
  if (/^(?:javascript|js|mjs|cjs|node)$/.test(label)) return 'javascript';
  return /^(?:typescript|ts|mts|cts)$/.test(label) ? 'typescript' : undefined;
}

/** The functions that a code defines at its top level and that can be called as they are. */
export function definedFunctions(code: string, language: ExampleLanguage): readonly string[] {
  const pattern =
    language === 'python'
      ? /^def ([A-Za-z_]\w*)\(/gm
      : /^(?:export )?(?:default )?(?:async )?(?:function ([A-Za-z_$][\w$]*)|(?:const|let|var) ([A-Za-z_$][\w$]*)(?::[^=\n]*)? = (?:async )?(?:function\b|\(|[A-Za-z_$][\w$]*\s*=>|<))/gm;
  return [...new Set([...code.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? ''))];
}

/**
 * Makes the program. Each result is a line of its own that begins with `mark`, which the code cannot know beforehand.
 * @returns null where the code cannot be run as it is (TypeScript with more than types to take away).
 */
export function exampleProgram(
  code: string,
  language: ExampleLanguage,
  examples: readonly Example[],
  mark: string,
): ExampleProgram | null {
  const calls = examples.map((example) => ({
    name: example.functionName,
    arguments: example.arguments.map(toJson),
  }));
  if (language === 'python')
    return { argv: ['python3', '-I', '-c', pythonHarness], input: JSON.stringify({ code, calls, mark }) };
  const plain = language === 'typescript' ? withoutTypes(code) : code;
  if (plain === null) return null;
  const names = [...new Set(calls.map(({ name }) => name))];
  const isModule = /^\s*(?:import|export)\b/m.test(plain);
  const collect = `\n;globalThis[${JSON.stringify(mark)}] = { ${names.map((name) => `${name}: typeof ${name} === 'undefined' ? undefined : ${name}`).join(', ')} };`;
  return {
    argv: ['node', '--input-type=module', '-e', nodeHarness],
    input: JSON.stringify({ code: plain + collect, isModule, calls, mark }),
  };
}

function withoutTypes(code: string): string | null {
  try {
    return stripTypeScriptTypes(code);
  } catch {
    return null;
  }
}

const pythonHarness = `
import json, sys
given = json.loads(sys.stdin.read())
mark = given["mark"]
out = sys.__stdout__
def say(kind, index, **more):
    out.write("\\n" + mark + " " + json.dumps({"kind": kind, "index": index, **more}) + "\\n")
    out.flush()
def plain(value):
    if value is None or isinstance(value, (bool, int, float, str)):
        if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
            raise TypeError
        return value
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(each) for key, each in value.items()}
    raise TypeError
space = {"__name__": "example"}
try:
    exec(compile(given["code"], "answer.py", "exec"), space)
except BaseException as error:
    say("not-loaded", -1, error=type(error).__name__)
    sys.exit(0)
for index, call in enumerate(given["calls"]):
    say("begun", index)
    function = space.get(call["name"])
    if not callable(function):
        say("unclear", index)
        continue
    try:
        value = function(*call["arguments"])
    except Exception as error:
        say("raised", index, names=[each.__name__ for each in type(error).__mro__], message=str(error)[:200])
        continue
    try:
        say("value", index, value=plain(value))
    except Exception:
        say("unclear", index)
`;

const nodeHarness = `
import { createRequire } from 'node:module';
let text = '';
for await (const chunk of process.stdin) text += chunk;
const { code, isModule, calls, mark } = JSON.parse(text);
const write = process.stdout.write.bind(process.stdout);
const say = (kind, index, more) => write('\\n' + mark + ' ' + JSON.stringify({ kind, index, ...more }) + '\\n');
const plain = (value) => {
  if (value === undefined || value === null) return null;
  if (['boolean', 'string'].includes(typeof value)) return value;
  if (typeof value === 'number') { if (!Number.isFinite(value)) throw new TypeError(); return value; }
  if (Array.isArray(value)) return Array.from(value, plain);
  const prototype = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError();
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined).map(([key, each]) => [key, plain(each)]));
};
try {
  if (isModule) await import('data:text/javascript;base64,' + Buffer.from(code).toString('base64'));
  else {
    const module = { exports: {} };
    new Function('require', 'module', 'exports', code)(createRequire('/'), module, module.exports);
  }
} catch (error) {
  say('not-loaded', -1, { error: String(error?.name) });
  process.exit(0);
}
for (const [index, call] of calls.entries()) {
  say('begun', index);
  const called = globalThis[mark]?.[call.name];
  if (typeof called !== 'function') { say('unclear', index); continue; }
  let value;
  try {
    value = await called(...call.arguments);
  } catch (error) {
    const names = [];
    for (let each = error; each && typeof each === 'object'; each = Object.getPrototypeOf(each)) names.push(each.constructor?.name, each.name);
    say('raised', index, { names, message: String(error?.message ?? error).slice(0, 200) });
    continue;
  }
  try { say('value', index, { value: plain(value) }); } catch { say('unclear', index); }
}
process.exit(0);
`;
