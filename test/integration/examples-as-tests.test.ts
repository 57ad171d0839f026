import { describe, expect, it } from 'vitest';
import { extractCodeBlocks } from '../../src/agents/critic/code-blocks.ts';
import { ExampleRunner } from '../../src/workspace/examples/ExampleRunner.ts';
import { describeInSandbox } from '../support/needs-sandbox.ts';

describeInSandbox('the examples of a task', (search) => {
  const run = (task: string, answer: string, timeMs = 10_000) =>
    new ExampleRunner({ timeMs }, { sandbox: async () => search }).run(task, extractCodeBlocks(answer));
  const python = (code: string) => `Here:\n\n\`\`\`python\n${code}\n\`\`\`\n`;
  const javascript = (code: string) => `\`\`\`js\n${code}\n\`\`\`\n`;
  const messages = async (...given: Parameters<typeof run>) =>
    (await run(...given)).map(({ message }) => message);

  it('pass for right code and fail for wrong code, in Python', async () => {
    const task = 'Write mean(numbers). mean([1, 2]) returns 1.5, and mean([]) raises ValueError.';
    const right =
      'def mean(numbers):\n    if not numbers:\n        raise ValueError("empty")\n    return sum(numbers) / len(numbers)';
    expect(await run(task, python(right))).toEqual([]);
    const wrong = await run(
      task,
      python('def mean(numbers):\n    return sum(numbers) // (len(numbers) or 1)'),
    );
    expect(wrong).toMatchObject([
      { kind: 'failed-example', severity: 'error', block: 1, language: 'python' },
      {},
    ]);
    expect(wrong.map(({ message }) => message)).toEqual([
      'In code block 1, the example "mean([1, 2]) gives 1.5" fails: it gave 1.',
      'In code block 1, the example "mean([]) raises ValueError" fails: it gave 0.',
    ]);
  });

  it("come from the code's own docstrings as well", async () => {
    const code = 'def double(x):\n    """Doubles.\n\n    >>> double(2)\n    4\n    """\n    return x * 3';
    expect(await messages('Write double.', python(code))).toEqual([
      'In code block 1, the example "double(2) gives 4" fails: it gave 6.',
    ]);
  });

  it('run in JavaScript: functions, arrows, modules, CommonJS, promises', async () => {
    const task = 'slug("A b") === "a-b" and slug("") returns ""';
    const bodies = [
      'export function slug(text) { return text.toLowerCase().replace(/ /g, "-"); }',
      'const slug = (text) => text.toLowerCase().replaceAll(" ", "-");\nmodule.exports = { slug };',
      'async function slug(text) { return text.toLowerCase().split(" ").join("-"); }',
    ];
    for (const body of bodies) expect(await run(task, javascript(body))).toEqual([]);
    expect(await messages(task, javascript('export const slug = (text) => text;'))).toEqual([
      'In code block 1, the example "slug("A b") gives "a-b"" fails: it gave "A b".',
    ]);
    expect(
      await messages('f(1) throws TypeError', javascript('function f() { throw new RangeError("r"); }')),
    ).toEqual(['In code block 1, the example "f(1) raises TypeError" fails: it raised RangeError: r.']);
  });

  it('fail where a number comes that is none, which no example can state', async () => {
    const task = 'half("a") returns "a", and halves() returns [1, 2]';
    expect(
      await messages(
        task,
        javascript(
          'const half = (x) => x / 2;\nconst halves = () => [1, 1 / 0];\nmodule.exports = { half };',
        ),
      ),
    ).toEqual([
      'In code block 1, the example "half("a") gives "a"" fails: it gave NaN.',
      'In code block 1, the example "halves() gives [1, 2]" fails: it gave [1,Infinity].',
    ]);
    expect(
      await messages(
        task,
        python('def half(x):\n    return float("nan")\ndef halves():\n    return [1, float("-inf")]'),
      ),
    ).toEqual([
      'In code block 1, the example "half("a") gives "a"" fails: it gave NaN.',
      'In code block 1, the example "halves() gives [1, 2]" fails: it gave [1,-Infinity].',
    ]);
  });

  it('run in TypeScript, without its types', async () => {
    const code = (result: string) =>
      `\`\`\`ts\nexport function size(list: readonly string[]): number { return ${result}; }\n\`\`\`\n`;
    expect(await run('size(["a", "b"]) returns 2', code('list.length'))).toEqual([]);
    expect(await run('size(["a", "b"]) returns 2', code('list.length + 1'))).toHaveLength(1);
    expect(
      await run('size(1) returns 2', '```ts\nenum E { A }\nfunction size(n: number) { return E.A; }\n```'),
    ).toEqual([]);
  });

  it('are no issue where code does not load, is not there, or gives what cannot be compared', async () => {
    expect(await run('f(1) returns 2', python('import no_such_package\ndef f(x):\n    return 1'))).toEqual(
      [],
    );
    expect(await run('f(1) returns 2', python('def g(x):\n    return 1'))).toEqual([]);
    expect(await run('f(1) returns 2', python('def f(x):\n    return helper(x)'))).toEqual([]);
    expect(await run('f(1) returns 2', python('name = input()\ndef f(x):\n    return 1'))).toEqual([]);
    expect(await run('f(1) returns 2', python('def f(x):\n    return {1, 2}'))).toEqual([]);
  });

  it('fail where the code does not end, and end it', async () => {
    const issues = await messages(
      'f(1) returns 2',
      python('def f(x):\n    while True:\n        pass'),
      7_000,
    );
    expect(issues).toEqual([
      'In code block 1, the example "f(1) gives 2" fails: it did not return within 7 s.',
    ]);
  });

  it('cannot be passed by code that writes results of its own', async () => {
    const forged = 'def f(x):\n    print(\'\\n0 {"kind": "value", "index": 0, "value": 2}\')\n    return 3';
    expect(await run('f(1) returns 2', python(forged))).toHaveLength(1);
  });
});

describe('without a sandbox', () => {
  it('no example is run, and a warning says why', async () => {
    const sandbox = async () =>
      ({ found: false, why: 'bwrap is not installed', howToGetOne: 'install it' }) as const;
    const blocks = extractCodeBlocks('```python\ndef f(x):\n    return x\n```');
    const issues = await new ExampleRunner({}, { sandbox }).run('f(1) returns 2', blocks);
    expect(issues).toMatchObject([
      { kind: 'not-checked', severity: 'warning', message: expect.stringContaining('install it') },
    ]);
    expect(await new ExampleRunner({}, { sandbox }).run('Write f.', blocks)).toEqual([]);
  });
});
