import { describe, expect, it } from 'vitest';
import { extractCodeBlocks } from './code-blocks.ts';

function codes(text: string): readonly string[] {
  return extractCodeBlocks(text).map((block) => block.code);
}

// Each case is an example or a rule of CommonMark 0.31.2, section 4.5.
describe('extractCodeBlocks', () => {
  it('reads a fence of backticks with its language, number and line', () => {
    expect(extractCodeBlocks('Hello\n\n```ts\nlet a;\n```\n')).toEqual([
      { number: 1, language: 'ts', code: 'let a;', line: 3, endedBy: 'fence' },
    ]);
  });

  it.each([
    ['```\n<\n >\n```', ['<\n >']],
    ['~~~\n<\n >\n~~~', ['<\n >']],
    ['``\nfoo\n``', []],
    ['```\naaa\n~~~\n```', ['aaa\n~~~']],
    ['````\naaa\n```\n``````', ['aaa\n```']],
    ['~~~~\naaa\n~~~\n~~~~', ['aaa\n~~~']],
    ['```\n\n  \n```', ['\n  ']],
    ['```\n```', ['']],
    [' ```\n aaa\naaa\n```', ['aaa\naaa']],
    ['   ```\n   aaa\n    aaa\n  aaa\n   ```', ['aaa\n aaa\naaa']],
    ['    ```\n    aaa\n    ```', []],
    ['```\naaa\n  ```', ['aaa']],
    ['```\naaa\n    ```', ['aaa\n    ```']],
    ['``` ```\naaa', []],
    ['foo\n```\nbar\n```\nbaz', ['bar']],
    ['```js a`b\nx', []],
    ['~~~ aa ``` ~~~\nfoo\n~~~', ['foo']],
    ['```\n``` aaa\n```', ['``` aaa']],
    ['> ```\n> aaa\n\nbbb', ['aaa']],
    ['> ~~~\n> > deep\n> ~~~', ['> deep']],
    ['1. one\n\n   ```\n   a\n     b\n   ```', ['a\n  b']],
    ['- ```\n  a\n  ```\n- ```\n  b\n  ```', ['a', 'b']],
    ['- a\n  - b\n    ~~~\n    c\n    ~~~', ['c']],
    ['1. one\nlazy\n    ```\n    a\n    ```', ['a']],
    ['-\t```\n\t\ta\n\t```', ['\ta']],
    ['* * *\n```\na\n```', ['a']],
    ['```\r\na\r\nb\r\n```\r\n', ['a\nb']],
  ])('reads %j as %j', (text, expected) => {
    expect(codes(text)).toEqual(expected);
  });

  it('reads lists that nest without end as text from the hundredth level on', () => {
    expect(codes(`${'- '.repeat(99)}\`\`\`\na`)).toHaveLength(1);
    expect(codes(`${'- '.repeat(50_000)}\`\`\`\na`)).toEqual([]);
  });

  it('keeps the tabs of the code', () => {
    expect(codes('```go\n\treturn 1\n```')).toEqual(['\treturn 1']);
  });

  it('tells how a fence ended', () => {
    expect(extractCodeBlocks('```\nabc').map((block) => block.endedBy)).toEqual(['end-of-text']);
    expect(extractCodeBlocks('- ```\n  a\n\nb').map((block) => block.endedBy)).toEqual(['end-of-container']);
  });

  it.each([
    ['TypeScript', 'typescript'],
    ['js {1,3} title="a"', 'js'],
    ['ts:src/a.ts', 'ts'],
    ['{.python .numberLines}', 'python'],
    ['{python}', 'python'],
    ['language-go', 'go'],
    ['c++', 'c++'],
    ['', ''],
  ])('takes the language of the info string %j to be %j', (info, language) => {
    expect(extractCodeBlocks(`~~~${info}\nx\n~~~`)[0]?.language).toBe(language);
  });
});
