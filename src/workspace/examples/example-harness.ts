/**
 * Programs that load code, call its functions and say on lines of their own what came of each call. They read `{ code | file, names, calls,
 * mark }` from their input, so that nothing need be written anywhere. A number that JSON does not have is `{ [mark]: 'NaN' }`, which no example
 * can state.
 */
export const pythonHarness = `
import importlib, io, json, os, sys
given = json.loads(sys.stdin.read())
mark = given["mark"]
out = sys.__stdout__
def say(kind, index, **more):
    out.write("\\n" + mark + " " + json.dumps({"kind": kind, "index": index, **more}) + "\\n")
    out.flush()
def plain(value):
    if value is None or isinstance(value, (bool, int, float, str)):
        if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
            return {mark: "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"}
        return value
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(each) for key, each in value.items()}
    raise TypeError
def load():
    if "code" in given:
        space = {"__name__": "example"}
        exec(compile(given["code"], "answer.py", "exec"), space)
        return space
    # A module of a package is loaded as such, so that its relative imports lead somewhere.
    root = os.getcwd()
    folder, name = os.path.split(given["file"][:-3])
    names = [name]
    while folder and os.path.exists(os.path.join(root, folder, "__init__.py")):
        folder, package = os.path.split(folder)
        names.insert(0, package)
    if len(names) > 1 and names[-1] == "__init__":
        names.pop()
    sys.path[:0] = [os.path.join(root, folder), root, os.path.join(root, "src")]
    return vars(importlib.import_module(".".join(names)))
try:
    space = load()
except BaseException as error:
    say("not-loaded", -1, error=type(error).__name__)
    sys.exit(0)
for index, call in enumerate(given["calls"]):
    say("begun", index)
    function = space.get(call["name"])
    if not callable(function):
        say("unclear", index)
        continue
    printed = io.StringIO()
    sys.stdout = printed
    try:
        value = function(*call["arguments"])
    except Exception as error:
        say("raised", index, names=[each.__name__ for each in type(error).__mro__], message=str(error)[:200])
        continue
    finally:
        sys.stdout = out
    try:
        # What an example shows may be what is printed.
        say("unclear" if value is None and printed.getvalue() else "value", index, value=plain(value))
    except Exception:
        say("unclear", index)
`;

export const nodeHarness = `
import * as nodeModule from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
let text = '';
for await (const chunk of process.stdin) text += chunk;
const { code, isModule, file, names = [], calls, mark } = JSON.parse(text);
const write = process.stdout.write.bind(process.stdout);
const say = (kind, index, more) => write('\\n' + mark + ' ' + JSON.stringify({ kind, index, ...more }) + '\\n');
const plain = (value) => {
  if (value === undefined || value === null) return null;
  if (['boolean', 'string'].includes(typeof value)) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : { [mark]: String(value) };
  if (Array.isArray(value)) return Array.from(value, plain);
  const prototype = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError();
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined).map(([key, each]) => [key, plain(each)]));
};
const collect = '\\n;globalThis[' + JSON.stringify(mark) + '] = { ' + names.map((name) => name + ': typeof ' + name + " === 'undefined' ? undefined : " + name).join(', ') + ' };';
/** Loads a file of a project: with its TypeScript, its imports without extension, and its functions that are not exported. */
const loadFile = async () => {
  const target = pathToFileURL(join(process.cwd(), file)).href;
  const isTypeScript = (url) => /\\.[cm]?ts$/.test(url) && !url.includes('/node_modules/');
  const formatOf = (url, source) => {
    if (/\\.m[jt]s$/.test(url)) return 'module';
    if (/\\.c[jt]s$/.test(url)) return 'commonjs';
    return /^\\s*(?:import|export)\\b/m.test(source) ? 'module' : 'commonjs';
  };
  nodeModule.registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        if (!/^\\.{1,2}\\//.test(specifier) || !context.parentURL?.startsWith('file:')) throw error;
        const path = fileURLToPath(new URL(specifier, context.parentURL));
        const bare = path.replace(/\\.[cm]?js$/, '');
        const found = [bare + '.ts', bare + '.mts', bare + '.cts', path + '.ts', path + '.js', path + '.mjs', path + '.json', join(path, 'index.ts'), join(path, 'index.js')].find((each) => existsSync(each));
        if (found === undefined) throw error;
        return { url: pathToFileURL(found).href, shortCircuit: true };
      }
    },
    load(url, context, next) {
      if (url !== target && !isTypeScript(url)) return next(url, context);
      const source = readFileSync(fileURLToPath(url), 'utf8');
      const script = isTypeScript(url) ? nodeModule.stripTypeScriptTypes(source) : source;
      return { format: formatOf(url, script), source: url === target ? script + collect : script, shortCircuit: true };
    },
  });
  await import(target);
};
try {
  if (file !== undefined) await loadFile();
  else if (isModule) await import('data:text/javascript;base64,' + Buffer.from(code + collect).toString('base64'));
  else {
    const module = { exports: {} };
    new Function('require', 'module', 'exports', code + collect)(nodeModule.createRequire('/'), module, module.exports);
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
  let hasPrinted = false;
  process.stdout.write = (...printed) => { hasPrinted = true; return write(...printed); };
  try {
    value = await called(...call.arguments);
  } catch (error) {
    const names = [];
    for (let each = error; each && typeof each === 'object'; each = Object.getPrototypeOf(each)) names.push(each.constructor?.name, each.name);
    say('raised', index, { names, message: String(error?.message ?? error).slice(0, 200) });
    continue;
  } finally {
    process.stdout.write = write;
  }
  // What an example shows may be what is printed.
  try { say(value === undefined && hasPrinted ? 'unclear' : 'value', index, { value: plain(value) }); } catch { say('unclear', index); }
}
process.exit(0);
`;
