import { describe, expect, it, vi } from 'vitest';
import { findSyntaxErrors, type SyntaxOptions } from './syntax.ts';
import { reviewed, withBlock } from './test-answer.ts';

function check(text: string, options: Partial<SyntaxOptions> = {}, find = findSyntaxErrors) {
  return find(reviewed(text), {
    maxBlockLength: 500_000,
    timeLimitMs: 10_000,
    maskedText: text,
    nowMs: () => performance.now(),
    signal: undefined,
    ...options,
  });
}

describe('whole files and fragments that parse', () => {
  it.each([
    ['js', 'import a from "a";\nexport const f = async (x) => /[/]`/.test(await x);\n'],
    ['js', 'constructor() {\n  super();\n}\n\nstatic async *go() {}'],
    ['js', 'a: 1,\nb() { return 2; },'],
    ['js', '  return await x;'],
    ['jsx', '<App a={1} />\n<App>text</App>'],
    ['mjs', 'const { x } = await import("x");'],
    [
      'ts',
      'enum A { B }\ntype C<T> = { [K in keyof T]: T[K] };\nabstract class D { private abstract e(): void; }',
    ],
    ['ts', 'private async load<T>(id: string): Promise<T> {\n  return this.get<T>(id);\n}'],
    ['ts', 'readonly name: string;\nage?: number;'],
    ['ts', 'const a = <T,>(x: T) => <div>{x}</div>;'],
    ['ts', 'function f(a: string): void;'],
    ['tsx', 'export const A: FC<P> = ({ a }) => <b>{a}</b>;'],
    ['ts', 'const x = { ... };\nfoo(...);'],
    [
      'py',
      'import os\n\nasync def f(*a: int) -> None:\n    match a:\n        case [1, *_]:\n            pass\n',
    ],
    ['python', '    def method(self):\n        return self.x\n'],
    ['py', 'class P(Protocol):\n    def f(self) -> int: ...'],
    ['py', '>>> 1 + 1\n2\n>>> for a in b:\n...     print(a)\nText of the output (\n'],
    ['py', '%pip install x\n!ls -l\nx = 1'],
    ['json', '{"a": [1, 2.5e3, null, "\\u00e9\\n"]}'],
    ['json', '// why\n{"a": 1}'],
    ['json', '"a": 1,\n"b": {}'],
    ['json', '{"a": 1}\n{"a": 2}'],
    ['json', '{"a": 1, ...}'],
    ['jsonc', '{\n  // why\n  "a": [1, 2,], /* x */\n}'],
    ['json5', "{a: 'b', c: [0x1,],}"],
    ['go', 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("x") }'],
    ['go', 'func (s *S[T]) Get(id int) (T, error) {\n\treturn s.x[id], nil\n}'],
    ['golang', 'x, err := f()\nif err != nil {\n\treturn err\n}'],
    ['go', 'Name string `json:"name"`\nAge  int'],
    ['rust', 'use std::fmt;\n\nimpl<T: fmt::Debug> A<T> { fn f(&self) -> Option<&T> { None } }'],
    ['rs', 'let x: Vec<_> = (0..3).map(|i| i * 2).collect();\nprintln!("{x:?}");'],
    ['rust', 'pub fn len(&self) -> usize'],
    ['rust', 'name: String,\npub age: u8,'],
    ['rust', 'Some(x) if x > 1 => x,\n_ => 0,'],
    ['java', 'package a;\n\npublic record B(int c) { sealed interface D permits E {} }'],
    ['java', '@Override\npublic int size() {\n    return n;\n}'],
    ['java', 'int x = 1;\nSystem.out.println(x);'],
    ['java', 'int size();\nString name()'],
    ['c', '#include <stdio.h>\nint main(void) { struct node *new = 0; return !new; }'],
    ['c', 'int x = 1;\nfor (int i = 0; i < 3; i++) x += i;'],
    ['c', 'size_t strlen(const char *s)'],
    ['h', 'class A { public: virtual ~A() = default; };'],
    ['cpp', 'template <typename T> auto f(T&& x) -> decltype(x) { return std::move(x); }'],
    ['c++', 'std::vector<int> v{1, 2};\nfor (auto& x : v) ++x;'],
    ['cs', 'public string Name { get; init; } = "";'],
    ['css', '.a > b { color: red; }'],
    ['css', 'color: red;\nmargin: 0;'],
    ['php', '$a = fn($x) => $x + 1;\necho $a(1);'],
    ['php', '<p><?php echo 1; ?></p>'],
    ['ruby', 'class A\n  def b = 1\nend'],
    ['sh', 'for f in *.txt; do\n  [ -f "$f" ] && echo "$(basename "$f")"\ndone'],
    ['bash', "cat > x <<'EOF'\n{ (\nEOF\nif [[ $a == b* ]]; then echo; fi"],
    ['shell', '$ npm install <package>\nadded 1 package (\n$ git commit \\\n  -m "x"'],
    ['sh', 'curl https://api.example.com/users/<user-id>'],
    ['zsh', 'echo ok'],
  ])('passes %s: %j', async (language, code) => {
    expect(await check(withBlock(language, code))).toEqual([]);
  });
});

describe('code that does not parse', () => {
  it.each([
    ['js', 'function f( {\n  return 1;\n}'],
    ['js', 'const a = [1, 2;'],
    ['jsx', 'const a = <b>text</c'],
    ['ts', 'const x: = 1;'],
    ['ts', 'class A {\n  f() {\n'],
    ['tsx', 'return (\n  <div>\n'],
    ['py', 'def f(:\n    pass'],
    ['py', 'print("a"'],
    ['py', 'x = [1, 2\ny = 3'],
    ['json', '{"a": 1,}'],
    ['json', "{'a': 1}"],
    ['json', '{"a": 1'],
    ['jsonc', '{"a" 1}'],
    ['json5', '{a: }'],
    ['go', 'func main() {\n\tx := [3\n}'],
    ['go', 'if x == 1 {'],
    ['rust', 'fn f() -> { 1 '],
    ['rust', 'let x = (1 + ;'],
    ['java', 'class A { void f( { } }'],
    ['java', 'int x = ;'],
    ['c', 'int main(void { return 0; }'],
    ['c', 'int x[3 = {1};'],
    ['cpp', 'std::vector<int v;'],
    ['cs', 'class A { int f( { } }'],
    ['css', '.a { color: red; '],
    ['php', '$a = (1 + ;'],
    ['ruby', 'def f\n  [1, 2'],
    ['sh', 'if [ -f x ]; then echo x'],
    ['bash', 'echo "open'],
    ['sh', 'f() { echo x'],
  ])('is an error in %s: %j', async (language, code) => {
    const issues = await check(withBlock(language, code));
    expect(issues).not.toEqual([]);
    for (const issue of issues)
      expect(issue).toMatchObject({ kind: 'syntax-error', severity: 'error', block: 1, language });
  });

  it('is reported with its line in the answer and an excerpt', async () => {
    expect(await check(withBlock('py', 'a = 1\n\ndef f(:\n    pass'))).toMatchObject([
      { line: 6, message: 'Code block 1 (py) does not parse: ")" is missing at line 6, near "def f(:".' },
    ]);
    expect((await check(withBlock('ts', 'let a = 1;\nf(a;')))[0]).toMatchObject({
      line: 5,
      message: 'Code block 1 (ts) does not parse: ")" is missing at line 5, near "f(a;".',
    });
  });

  it('is reported in at most three places a block', async () => {
    expect(await check(withBlock('js', 'let a = ;\nb();\n'.repeat(5)))).toHaveLength(3);
  });

  it('is quoted from the masked text', async () => {
    const text = withBlock('js', 'const key = ("hush";');
    const issues = await check(text, { maskedText: text.replace('hush', '****') });
    expect(issues[0]?.message).toContain('****');
    expect(issues[0]?.message).not.toContain('hush');
  });
});

it('only warns where a macro may be the reason, unless brackets do not match', async () => {
  expect(await check(withBlock('cpp', 'API_EXPORT napi_status NAPI_CDECL f(int a);'))).toMatchObject([
    { severity: 'warning' },
  ]);
  expect((await check(withBlock('cpp', 'NODE_MODULE(NAME, init\nint x;')))[0]).toMatchObject({
    severity: 'error',
  });
});

it.each(['', 'text', 'console', 'shell-session', 'diff', 'brainfuck'])(
  'leaves blocks labelled %j alone',
  async (language) => {
    expect(await check(withBlock(language, '((( {{{'))).toEqual([]);
  },
);

it('leaves the block that was cut off to the other check', async () => {
  expect(await check('```js\nfunction f( {')).toEqual([]);
});

describe('limits', () => {
  it('says that a block was too long to be checked', async () => {
    const issues = await check(withBlock('js', 'f('.repeat(60)), { maxBlockLength: 100 });
    expect(issues).toMatchObject([{ kind: 'not-checked', severity: 'warning', block: 1 }]);
  });

  it('does not count the loading of a grammar, which takes long where the machine is busy', async () => {
    let nowMs = 0;
    const timer = setInterval(() => {
      nowMs += 60_000;
    }, 1);
    // Anew, so that no grammar is loaded yet.
    vi.resetModules();
    const fresh = await import('./syntax.ts');
    const text = withBlock('js', 'f(');
    const issues = await check(text, { nowMs: () => nowMs }, fresh.findSyntaxErrors);
    clearInterval(timer);
    expect(nowMs).toBeGreaterThan(0);
    expect(issues).toMatchObject([{ kind: 'syntax-error' }]);
  });

  it('says which blocks were left when the time had passed', async () => {
    let nowMs = 0;
    const big = `f(${'[1, 2, '.repeat(20_000)}`;
    const text = withBlock('js', big) + withBlock('py', 'x = 1');
    // The clock moves on with each look at it, so the limit passes in the middle of the first parse.
    const issues = await check(text, { timeLimitMs: 5, nowMs: () => nowMs++ });
    expect(issues).toMatchObject([
      { kind: 'not-checked', block: 1 },
      { kind: 'not-checked', block: 2 },
    ]);
  });

  it('survives nesting without end', async () => {
    const issues = await check(withBlock('js', '['.repeat(200_000)) + withBlock('js', 'f('));
    expect(issues.map((issue) => issue.block)).toContain(2);
    expect(issues.map((issue) => issue.block)).toContain(1);
  });

  it('stops when it is aborted', async () => {
    await expect(
      check(withBlock('js', 'f()'), { signal: AbortSignal.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
  });
});
