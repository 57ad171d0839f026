import { describe, expect, it } from 'vitest';
import { findElidedCode } from './elided-code.ts';
import { reviewed, withBlock } from './test-answer.ts';

function find(language: string, code: string, task = 'Write the class.') {
  return findElidedCode(reviewed(withBlock(language, code), 'end_turn', task));
}

describe('placeholders', () => {
  it.each([
    ['js', '// rest of the code here'],
    ['js', '  // ... rest of the code ...'],
    ['ts', 'foo(); // ... existing code ...'],
    ['py', '# ... existing code ...'],
    ['py', '    # Rest of the implementation remains the same'],
    ['java', '/* unchanged */'],
    ['go', '// (remaining methods unchanged)'],
    ['rust', '// TODO: implement'],
    ['ts', '// TODO: implement this method'],
    ['ts', '// Your code here'],
    ['c', '/* implementation goes here */'],
    ['js', '{/* ... other components ... */}'],
    ['html', '<!-- rest of the page -->'.replace('page', 'file')],
    ['sql', '-- rest of the code unchanged'],
    ['js', '(the remaining functions stay the same)'],
    ['js', '[rest of the code]'],
    ['ts', '// ... omitted for brevity'],
    ['ts', '// code omitted for brevity'],
    ['ts', '// same as before'],
    ['sh', '# ... rest of the script'],
    ['js', '/*\n * rest of the code\n */'],
    ['js', 'function f() { ... }'],
    ['js', 'fetch(...)'],
    ['json', '{"a": 1, ...}'],
    ['go', '\t...'],
  ])('are errors in %s: %j', (language, code) => {
    expect(find(language, code)).toMatchObject([
      { kind: 'elided-code', severity: 'error', block: 1, language },
    ]);
  });

  it('are named with their line in the answer', () => {
    expect(find('js', 'a();\nb();\n// rest of the code here')).toEqual([
      {
        kind: 'elided-code',
        severity: 'error',
        message: 'Code block 1 leaves code out at line 6: "// rest of the code here".',
        line: 6,
        block: 1,
        language: 'js',
      },
    ]);
  });

  it.each([
    ['js', 'for (const a of b) {\n  // ...\n}', 'Write a loop.'],
    ['js', '// ... existing code ...\nfoo();', 'Give me only a diff of the change.'],
    ['js', 'function f() { ... }', 'How does a closure work?'],
    ['ts', '// TODO: implement\nfoo();', 'Rename bar to foo:\n// TODO: implement\nbar();'],
  ])('are only warnings in %s %j for the task %j', (language, code, task) => {
    expect(find(language, code, task)).toMatchObject([{ severity: 'warning' }]);
  });
});

it.each([
  ['js', 'const a = [...b, ...c];\nf(...args);\nconst { x, ...rest } = y;'],
  ['ts', 'function f(a: string): void;\nfunction f(...a: string[]): void {}'],
  ['py', 'class P(Protocol):\n    def f(self) -> int: ...\n'],
  ['py', 'def f():\n    ...\nx: tuple[int, ...] = ()'],
  ['go', 'a := [...]int{1, 2}\nf(b...)'],
  ['cpp', 'try { f(); } catch (...) { g(); }'],
  ['java', 'void f(String... a) {}\n/**\n * Like of(...), but {@code a(...)}.\n */\nint a;'],
  [
    'js',
    '// skip the rest of the file\n// the rest of the arguments are forwarded\n// handles the remaining cases',
  ],
  ['js', 'const url = "https://x.io"; const s = "// rest of the code here";'],
  ['py', '# Existing users keep their role'],
  ['sh', 'ls /tmp/*\necho "..."'],
  ['c', 'int f(\n  int a,\n  ...\n);'],
  ['text', '...\nrest of the code here'],
  ['diff', ' // ... existing code ...'],
])('finds nothing left out in %s: %j', (language, code) => {
  expect(find(language, code)).toEqual([]);
});
