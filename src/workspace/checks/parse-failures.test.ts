import { describe, expect, it } from 'vitest';
import { failureKey, parseFailures } from './parse-failures.ts';

const files = new Set([
  'src/a.ts',
  'a.test.ts',
  'test/add.test.js',
  'calc.py',
  'test_calc.py',
  'test_u.py',
  'src/lib.rs',
  'calc.go',
  'calc_test.go',
  'A.java',
  'src/main/java/A.java',
  'src/test/java/com/shop/CartTest.java',
]);
const parse = (output: string) => parseFailures(output, '/home/me/project', (path) => files.has(path));

describe('the failures in the output of', () => {
  it('tsc', () => {
    expect(parse("src/a.ts(3,5): error TS2322: Type 'string' is not assignable to type 'number'.\n")).toEqual(
      [{ file: 'src/a.ts', line: 3, message: "TS2322: Type 'string' is not assignable to type 'number'." }],
    );
    expect(parse("src/a.ts:7:1 - error TS1005: ';' expected.\n")).toMatchObject([
      { file: 'src/a.ts', line: 7 },
    ]);
  });

  it('eslint', () => {
    const output = `
/home/me/project/src/a.ts
  1:7   error    'x' is assigned a value but never used  no-unused-vars
  2:1   warning  Unexpected console statement            no-console

✖ 2 problems (1 error, 1 warning)`;
    expect(parse(output)).toEqual([
      { file: 'src/a.ts', line: 1, message: "'x' is assigned a value but never used no-unused-vars" },
    ]);
  });

  it('biome', () => {
    const output = `
src/a.ts:4:7 lint/correctness/noUnusedVariables  FIXABLE  ━━━━━━━━━━━━━━━━━━━━

  × This variable x is unused.
`;
    expect(parse(output)).toEqual([
      {
        file: 'src/a.ts',
        line: 4,
        message: 'lint/correctness/noUnusedVariables: This variable x is unused.',
      },
    ]);
  });

  it('vitest', () => {
    const output = `
 FAIL  a.test.ts > sum > adds
AssertionError: expected 2 to be 3 // Object.is equality

- Expected
+ Received

 ❯ a.test.ts:3:17
      1| import { describe, it, expect } from 'vitest';
`;
    expect(parse(output)).toEqual([
      {
        file: 'a.test.ts',
        line: 3,
        test: 'sum > adds',
        message: 'AssertionError: expected 2 to be 3 // Object.is equality',
      },
    ]);
  });

  it('jest', () => {
    const output = `
FAIL ./a.test.ts
  sum
    ✕ adds (2 ms)

  ● sum › adds

    expect(received).toBe(expected) // Object.is equality

    Expected: 3
    Received: 2

      at Object.toBe (a.test.ts:3:17)

Test Suites: 1 failed, 1 total`;
    expect(parse(output)).toMatchObject([{ file: 'a.test.ts', line: 3, test: 'sum › adds' }]);
  });

  it("node's own test runner, in both forms", () => {
    const spec = `
✖ failing tests:

test at test/add.test.js:2:1
✖ adds (4.5ms)
  AssertionError [ERR_ASSERTION]: -1 == 3
      at TestContext.<anonymous> (file:///home/me/project/test/add.test.js:2:29)
      at Test.runInAsyncScope (node:async_hooks:227:14)
`;
    const tap = `
not ok 1 - adds
  ---
  location: '/home/me/project/test/add.test.js:2:1'
  failureType: 'testCodeFailure'
  error: |-
    -1 == 3
`;
    expect(parse(spec)).toEqual([
      { file: 'test/add.test.js', line: 2, test: 'adds', message: 'AssertionError [ERR_ASSERTION]: -1 == 3' },
    ]);
    expect(parse(tap)).toMatchObject([{ file: 'test/add.test.js', line: 2, test: 'adds' }]);
  });

  it('pytest', () => {
    const output = `
______________________________ TestDiv.test_half _______________________________
test_calc.py:6: in test_half
    assert div(1, 2) == 0.5
E   assert 0 == 0.5
__________________________________ test_zero ___________________________________
test_calc.py:13: in test_zero
    assert div(1, 0) == 0
calc.py:2: in div
E   ZeroDivisionError: integer division or modulo by zero
=========================== short test summary info ============================
FAILED test_calc.py::TestDiv::test_half - assert 0 == 0.5
FAILED test_calc.py::test_zero - ZeroDivisionError: integer division or modul...
`;
    expect(parse(output)).toEqual([
      { file: 'test_calc.py', line: 6, test: 'TestDiv::test_half', message: 'assert 0 == 0.5' },
      {
        file: 'test_calc.py',
        line: 13,
        test: 'test_zero',
        message: 'ZeroDivisionError: integer division or modul...',
      },
    ]);
  });

  it('pytest, of a file that cannot be loaded', () => {
    const output = `
_____________________ ERROR collecting test_calc.py ______________________
test_calc.py:3: in <module>
    import nowhere
E   ModuleNotFoundError: No module named 'nowhere'
=========================== short test summary info ============================
ERROR test_calc.py
`;
    expect(parse(output)).toEqual([
      { file: 'test_calc.py', line: 3, message: "ModuleNotFoundError: No module named 'nowhere'" },
    ]);
  });

  it('pytest, all of thousands, so that a new one among them is seen', () => {
    const output = Array.from(
      { length: 3_000 },
      (_, test) => `FAILED test_calc.py::test_${test} - assert ${test} == 2`,
    ).join('\n');
    expect(parse(output)).toHaveLength(3_000);
    expect(parse(output).at(-1)).toEqual({
      file: 'test_calc.py',
      test: 'test_2999',
      message: 'assert 2999 == 2',
    });
  });

  it('unittest', () => {
    const output = `
======================================================================
FAIL: test_half (test_u.T.test_half)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/home/me/project/test_u.py", line 5, in test_half
    self.assertEqual(div(1, 2), 0.5)
AssertionError: 0 != 0.5

----------------------------------------------------------------------
Ran 1 test in 0.008s
`;
    expect(parse(output)).toEqual([
      {
        file: 'test_u.py',
        line: 5,
        test: 'test_half (test_u.T.test_half)',
        message: 'AssertionError: 0 != 0.5',
      },
    ]);
  });

  it('cargo, for what does not compile and for what fails', () => {
    const compiler = `
error[E0308]: mismatched types
 --> src/lib.rs:4:21
  |
error: could not compile \`x\` (lib) due to 1 previous error`;
    const test = `
thread 'tests::adds' (32767) panicked at src/lib.rs:3:22:
assertion \`left == right\` failed
  left: -1
 right: 3`;
    expect(parse(compiler)).toEqual([
      { file: 'src/lib.rs', line: 4, message: 'error[E0308]: mismatched types' },
    ]);
    expect(parse(test)).toMatchObject([{ file: 'src/lib.rs', line: 3, test: 'tests::adds' }]);
  });

  it('go', () => {
    expect(parse('./calc.go:3:5: undefined: foo\n')).toEqual([
      { file: 'calc.go', line: 3, message: 'undefined: foo' },
    ]);
    expect(parse('--- FAIL: TestDiv (0.00s)\n    calc_test.go:8: got 0, want 0.5\nFAIL\n')).toEqual([
      { file: 'calc_test.go', line: 8, test: 'TestDiv', message: 'got 0, want 0.5' },
    ]);
  });

  it('javac and Maven', () => {
    expect(parse('A.java:1: error: incompatible types: String cannot be converted to int\n')).toEqual([
      { file: 'A.java', line: 1, message: 'incompatible types: String cannot be converted to int' },
    ]);
    expect(parse('[ERROR] /home/me/project/src/main/java/A.java:[3,9] cannot find symbol\n')).toEqual([
      { file: 'src/main/java/A.java', line: 3, message: 'cannot find symbol' },
    ]);
    expect(parse('[ERROR]   ATest.adds:12 expected: <3> but was: <2>\n')).toEqual([
      { test: 'ATest.adds', message: 'ATest.adds:12 expected: <3> but was: <2>' },
    ]);
  });

  it("Maven's tests, whose file is known by the stack above the summary", () => {
    const output = `[ERROR] Tests run: 3, Failures: 1, Errors: 1, Skipped: 0, Time elapsed: 1.506 s <<< FAILURE! -- in com.shop.CartTest
[ERROR] com.shop.CartTest.addsUp -- Time elapsed: 0.770 s <<< FAILURE!
org.opentest4j.AssertionFailedError: expected: <3> but was: <-3>
	at org.junit.jupiter.api.Assertions.assertEquals(Assertions.java:531)
	at com.shop.CartTest.addsUp(CartTest.java:10)

[ERROR] com.shop.CartTest.takesTheFirst -- Time elapsed: 0.050 s <<< ERROR!
java.lang.ArrayIndexOutOfBoundsException: Index 9 out of bounds for length 2
	at com.shop.Cart.first(Cart.java:11)
	at com.shop.CartTest.takesTheFirst(CartTest.java:15)

[ERROR] Failures: 
[ERROR]   CartTest.addsUp:10 expected: <3> but was: <-3>
[ERROR] Errors: 
[ERROR]   CartTest.takesTheFirst:15 » ArrayIndexOutOfBounds Index 9 out of bounds for length 2
[ERROR] Tests run: 3, Failures: 1, Errors: 1, Skipped: 0
[ERROR] Failed to execute goal org.apache.maven.plugins:maven-surefire-plugin:3.2.5:test (default-test) on project shop: There are test failures.
`;
    const file = 'src/test/java/com/shop/CartTest.java';
    expect(parse(output)).toEqual([
      { test: 'CartTest.addsUp', file, line: 10, message: 'expected: <3> but was: <-3>' },
      {
        test: 'CartTest.takesTheFirst',
        file,
        line: 15,
        message: 'ArrayIndexOutOfBounds Index 9 out of bounds for length 2',
      },
    ]);
  });

  it("Python, where a script's traceback is all there is", () => {
    const output = `Traceback (most recent call last):
  File "/usr/lib/python3.11/runpy.py", line 1, in x
  File "/home/me/project/calc.py", line 9, in div
    return a // b
ZeroDivisionError: division by zero`;
    expect(parse(output)).toEqual([
      { file: 'calc.py', line: 9, message: 'ZeroDivisionError: division by zero' },
    ]);
  });
});

it('takes no file outside of the workspace for a place', () => {
  expect(
    parse('node_modules/x/a.ts(1,1): error TS1: no\n/etc/passwd:1:1: error: no\n../src/a.ts:1: no way\n'),
  ).toEqual([{ message: 'TS1: no' }]);
});

it('knows a failure again although its lines moved', () => {
  const [before] = parse('src/a.ts(3,5): error TS2554: Expected 2 arguments, but got 1.\n');
  const [after] = parse('src/a.ts(9,5): error TS2554: Expected 2 arguments, but got 1.\n');
  const [other] = parse('src/a.ts(9,5): error TS2304: Cannot find name\n');
  expect(before && after && failureKey(before) === failureKey(after)).toBe(true);
  expect(before && other && failureKey(before) === failureKey(other)).toBe(false);
});

it('cuts what is too long for a model', () => {
  const [failure] = parse(`src/a.ts(3,5): error TS1: ${'x'.repeat(5_000)}\n`);
  expect(failure?.message.length).toBe(400);
  expect(
    parse(Array.from({ length: 6_000 }, (_, i) => `src/a.ts(${i},1): error TS1: e${i}`).join('\n')).length,
  ).toBe(5_000);
});
