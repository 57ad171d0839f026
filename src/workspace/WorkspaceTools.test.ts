import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorkspaceLimits } from './limits.ts';
import { Refusal } from './Refusal.ts';
import { WorkspaceStage } from './WorkspaceStage.ts';
import { WorkspaceTools } from './WorkspaceTools.ts';

let root: string;
let stage: WorkspaceStage;
let tools: WorkspaceTools;
const never = new AbortController().signal;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'teelamma-tools-')));
  open();
});
afterEach(() => rmSync(root, { recursive: true }));

function open(limits: Partial<WorkspaceLimits> = {}): void {
  stage = WorkspaceStage.open(root, { limits });
  tools = new WorkspaceTools(stage);
}

function file(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

async function call(name: string, input: unknown): Promise<string> {
  const { text, isError } = await tools.call(name, input, never);
  return isError ? `ERROR ${text}` : text;
}

function staged(path: string): string {
  const image = stage.imageAt(path);
  return image === null || image instanceof Refusal ? 'none' : image.content.toString();
}

describe('the tools of a workspace', () => {
  it('have a schema that says all there is to say', () => {
    const edit = tools.definitions.find(({ name }) => name === 'edit_file');
    expect(edit?.input_schema).toMatchObject({
      type: 'object',
      required: ['path', 'old_string', 'new_string'],
      additionalProperties: false,
    });
  });

  it('say which there are, and what one takes', async () => {
    expect(await call('bash', {})).toMatch(
      /^ERROR There is no tool "bash". The tools are list_files, read_file,/,
    );
    expect(await call('read_file', { start_line: 0 })).toMatch(
      /^ERROR The input of read_file is not valid \(path: .*It takes path, start_line, line_count/,
    );
    expect(await call('read_file', 'a.txt')).toMatch(/^ERROR The input of read_file is not valid/);
    expect(await call('read_file', { path: 'a', mode: 1 })).toMatch(/^ERROR .*mode/);
  });

  it('understand what smaller models write: other names, numbers and flags as text, one text for a list', async () => {
    file('a.txt', 'one\ntwo\n');
    expect(await call('read_file', { file_path: 'a.txt', start_line: '2', line_count: null })).toMatch(
      '2\ttwo',
    );
    expect(await call('list_files', { globs: '*.txt', hidden: 'true' })).toBe('a.txt');
    expect(await call('edit_file', { path: 'a.txt', old_str: 'one', new_str: '1' })).toMatch(
      'Edited a.txt at line 1',
    );
  });

  it('end with the signal that was aborted', async () => {
    await expect(tools.call('list_files', {}, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });
});

describe('read_file', () => {
  it('gives numbered lines, in parts', async () => {
    file('a.txt', Array.from({ length: 9 }, (_, index) => `line ${index + 1}\n`).join(''));
    expect(await call('read_file', { path: 'a.txt', start_line: 3, line_count: 2 })).toBe(
      '3\tline 3\n4\tline 4\n(Lines 3 to 4 of 9. Go on with start_line 5.)',
    );
    expect(await call('read_file', { path: 'a.txt', start_line: 10 })).toMatch('ERROR a.txt has 9 lines');
  });

  it('cuts long lines and long files, and says so', async () => {
    file('a.txt', `${'x'.repeat(5_000)}\nshort`);
    const text = await call('read_file', { path: 'a.txt' });
    expect(text).toMatch('[cut: 5000 characters]\n2\tshort\n(1 lines were cut after 1000 characters');
    expect(text).toMatch('The last line has no line break.');
    open({ maxResultLength: 100 });
    file('b.txt', 'a line of text\n'.repeat(50));
    expect(await call('read_file', { path: 'b.txt' })).toMatch(
      /\(Lines 1 to 5 of 50\. Go on with start_line 6\.\)$/,
    );
  });

  it.each([
    ['image.png', Buffer.from([0x89, 0x50, 0, 1]), 'is binary'],
    ['latin.txt', Buffer.from([0x66, 0xfc, 0x72]), 'is binary'],
    ['wide.txt', Buffer.from('\ufeffhi', 'utf16le'), 'UTF-16'],
  ])('leaves %s alone, and says why', async (name, content, problem) => {
    file(name, content);
    for (const [tool, input] of [
      ['read_file', {}],
      ['write_file', { content: 'x' }],
      ['edit_file', { old_string: 'a', new_string: 'b' }],
      ['delete_file', {}],
      ['rename_file', { new_path: 'other' }],
    ] as const) {
      expect(await call(tool, { path: name, ...input })).toMatch(
        new RegExp(`^ERROR ${name} .*${problem}|^ERROR ${name} is ${problem}`),
      );
    }
    expect(stage.changes()).toEqual([]);
  });

  it('shows CRLF and a byte order mark as nothing', async () => {
    file('a.txt', '\ufeffone\r\ntwo\r\n');
    expect(await call('read_file', { path: 'a.txt' })).toBe('1\tone\n2\ttwo');
  });
});

describe('write_file', () => {
  it('keeps line endings, byte order mark and the end of a file that is there', async () => {
    file('a.txt', '\ufeffone\r\ntwo\r\n');
    expect(await call('write_file', { path: 'a.txt', content: 'three\nfour' })).toBe(
      'Wrote a.txt, 2 lines. The line break at the end of the file was kept. Its CRLF line endings were kept.',
    );
    expect(staged('a.txt')).toBe('\ufeffthree\r\nfour\r\n');
    file('b.txt', 'no end');
    await call('write_file', { path: 'b.txt', content: 'still none\n' });
    expect(staged('b.txt')).toBe('still none');
  });

  it('writes no NUL, and nothing over what changed since it was read', async () => {
    expect(await call('write_file', { path: 'a', content: 'a\0b' })).toMatch(
      'ERROR The content for a holds NUL',
    );
    file('a.txt', 'one\n');
    await call('read_file', { path: 'a.txt' });
    file('a.txt', 'mine\n');
    expect(await call('write_file', { path: 'a.txt', content: 'x' })).toMatch(
      'changed by somebody else since you read it',
    );
    await call('read_file', { path: 'a.txt' });
    expect(await call('write_file', { path: 'a.txt', content: 'x' })).toMatch('Wrote a.txt');
  });
});

describe('edit_file', () => {
  const edit = (old_string: string, new_string: string, rest = {}) =>
    call('edit_file', { path: 'a.ts', old_string, new_string, ...rest });

  it('replaces what stands there once, or everywhere on request', async () => {
    file('a.ts', 'a();\nb();\na();\n');
    expect(await edit('b();', 'c();')).toBe('Edited a.ts at line 2.');
    expect(await edit('a();', 'd();')).toMatch('stands 2 times in a.ts (lines 1, 3)');
    expect(await edit('a();', 'd();', { replace_all: true })).toBe('Edited a.ts at 2 places, lines 1, 3.');
    expect(staged('a.ts')).toBe('d();\nc();\nd();\n');
  });

  it('replaces what stands at hundreds of thousands of places', async () => {
    file('many.txt', 'a\n'.repeat(300_000));
    const edited = await call('edit_file', {
      path: 'many.txt',
      old_string: 'a',
      new_string: 'b',
      replace_all: true,
    });
    expect(edited).toMatch('Edited many.txt at 300000 places, lines 1, 2, 3,');
    expect(staged('many.txt')).toBe('b\n'.repeat(300_000));
  });

  it('takes the text as it is, not as a pattern', async () => {
    file('a.ts', 'x.*(\n');
    await edit('.*(', '$& $1');
    expect(staged('a.ts')).toBe('x$& $1\n');
  });

  it('keeps every line ending that it does not replace', async () => {
    file('a.ts', 'one\r\ntwo\nthree\r\nfour\r\n');
    await edit('two\nthree', 'TWO\nplus\nTHREE');
    expect(staged('a.ts')).toBe('one\r\nTWO\nplus\r\nTHREE\r\nfour\r\n');
  });

  it.each([
    ['1\tfunction f() {', 'holds the line numbers that read_file shows'],
    [
      'function f() {\n  return 1;  \n}',
      'but for white space at the end of a line: line 2 is "    return 1;"|but for the indentation',
    ],
    [
      '  function f() {\n      return 1;',
      'but for the indentation: line 1 is "function f() {", and old_string has "  function f() {"',
    ],
    ['function  f( ) {', 'but for white space'],
    ['say(“hi”)', 'but for typographic characters'],
    ['FUNCTION F() {', 'but for letter case'],
    ['return  1', 'stands at line 2 but for white space'],
    ['F()', 'stands at line 1 but for letter case'],
    ['\n\nreturn', 'Without the empty lines around it old_string stands at line 2'],
    ['\n\nfunction f() {', 'Without the empty lines around it'],
    ['function g(x) {', 'The nearest is at line 1:\n1\tfunction f'],
    ['completely different 日本語', 'Nothing in the file is like it'],
    ['       ', 'holds only white space'],
    ['', 'old_string is empty'],
    ['function f', 'are the same'],
  ])('says how %j differs', async (old, hint) => {
    file('a.ts', 'function f() {\n    return 1;\n}\nsay("hi")\n');
    const answer = await edit(old, 'function f');
    expect(answer).toMatch(
      new RegExp(
        `^ERROR [^]*(?:${hint
          .split('|')
          .map((each) => each.replace(/[()[\]{}.*+?$^]/g, '\\$&'))
          .join('|')})`,
      ),
    );
    expect(stage.changes()).toEqual([]);
  });
});

describe('list_files and search', () => {
  beforeEach(() => {
    file('.gitignore', '/build/\n*.log\n!keep.log\n');
    file('build/out.ts', 'needle\n');
    file('src/a.ts', 'const needle = 1;\nconst b = 2;\nneedle();\n');
    file('src/deep/.gitignore', 'local.ts\n');
    file('src/deep/local.ts', 'needle\n');
    file('src/deep/b.py', 'NEEDLE = 1\n');
    file('debug.log', 'needle\n');
    file('keep.log', 'needle\n');
    file('.hidden/x.ts', 'needle\n');
    file('.env', 'KEY=needle\n');
    file('.git/config', 'needle\n');
    file('pic.bin', Buffer.from('needle\0'));
    symlinkSync('src', join(root, 'link'));
  });

  it('list what ripgrep would', async () => {
    const listed = await call('list_files', {});
    expect(listed.split('\n')).toEqual(['keep.log', 'pic.bin', 'src/a.ts', 'src/deep/b.py']);
    const all = await call('list_files', { hidden: true, ignored: true });
    expect(all).toMatch('.hidden/x.ts');
    expect(all).toMatch('build/out.ts');
    expect(all).not.toMatch(/\.git\/|\.env/);
  });

  it.each([
    [['*.ts'], ['src/a.ts']],
    [['src/**'], ['src/a.ts', 'src/deep/b.py']],
    [['src/*'], ['src/a.ts']],
    [['**/*.{ts,py}', '!deep'], ['src/a.ts']],
    [['*.{ts,py}', '!src/deep/**'], ['src/a.ts']],
    [['[a-b].p?'], ['src/deep/b.py']],
    [['!*.bin', '*.py'], ['src/deep/b.py']],
    [['deep/'], ['src/deep/b.py']],
    [['./src/*'], ['src/a.ts']],
  ])('takes globs %j', async (globs, expected) => {
    expect((await call('list_files', { globs })).split('\n')).toEqual(expected);
  });

  it('follow each kind of ignore file in its order, and list a folder that is named although it is ignored', async () => {
    file('.rgignore', '!kept/\n');
    file('.ignore', '[jk]*\n');
    file('kept/Build/a.ts', '');
    file('kept/k.ts', '');
    expect(await call('list_files', { globs: ['*.ts', '!src'] })).toBe('kept/Build/a.ts');
    expect(await call('list_files', { path: 'build' })).toBe('build/out.ts');
  });

  it('see what was staged, by the same rules', async () => {
    await call('write_file', { path: 'src/new.ts', content: 'needle here\n' });
    await call('write_file', { path: 'build/new.ts', content: 'needle here\n' });
    await call('delete_file', { path: 'src/a.ts' });
    expect((await call('search', { pattern: 'needle' })).split('\n')).toEqual([
      'keep.log:1:needle',
      'src/new.ts:1:needle here',
      '(Files that were not searched: 1 binary.)',
    ]);
  });

  it('search with case, context, literally, and for files alone', async () => {
    expect(await call('search', { pattern: 'needle', path: 'src', context: 1 })).toBe(
      'src/a.ts:1:const needle = 1;\nsrc/a.ts-2-const b = 2;\nsrc/a.ts:3:needle();',
    );
    expect(await call('search', { pattern: '^needle', ignore_case: true, globs: ['*.py'] })).toBe(
      'src/deep/b.py:1:NEEDLE = 1',
    );
    expect(await call('search', { pattern: 'needle(', literal: true })).toMatch('src/a.ts:3:needle();');
    expect(await call('search', { pattern: 'needle', files_only: true })).toMatch(/^keep\.log\nsrc\/a\.ts\n/);
    expect(await call('search', { pattern: 'needle', path: 'src/a.ts', max_matches: 1 })).toBe(
      'src/a.ts:1:const needle = 1;',
    );
    expect(await call('search', { pattern: 'nowhere' })).toBe(
      'No matches in 4 files. (Files that were not searched: 1 binary.)',
    );
  });

  it('show the place of the match in a line that is too long to be shown', async () => {
    file('min.js', `${'x'.repeat(5_000)}needle${'y'.repeat(5_000)}\n`);
    const shown = await call('search', { pattern: 'ne+dle', path: 'min.js' });
    expect(shown).toMatch(/^min\.js:1:\[from character 4901\] x{100}needley{194} \[cut: 10006 characters\]$/);
  });

  it('take a file for a place, and say where there is none', async () => {
    expect(await call('list_files', { path: 'src/a.ts' })).toBe('src/a.ts');
    await call('write_file', { path: 'new/b.ts', content: 'needle\n' });
    expect(await call('list_files', { path: 'new' })).toBe('new/b.ts');
    expect(await call('search', { path: 'scr', pattern: 'needle' })).toMatch(
      'ERROR There is no file or folder scr.',
    );
    expect(await call('list_files', { path: 'scr' })).toMatch(
      'ERROR There is no file or folder scr. list_files shows',
    );
  });

  it('do not hang on what would take a backtracking engine for ever', async () => {
    file('trap.txt', `${'a'.repeat(50_000)}!\n`);
    expect(await call('search', { pattern: '(a+)+$', path: 'trap.txt' })).toMatch('No matches');
    expect(await call('search', { pattern: '((a{900}){900}){900}', path: 'trap.txt' })).toMatch(
      'ERROR The pattern is not a valid',
    );
    const glob = `${'*a'.repeat(40)}b`;
    expect(await call('list_files', { globs: [glob] })).toMatch('No files match');
  });

  it.each([
    ['(?=x)', 'not a valid regular expression'],
    ['[', 'not a valid regular expression'],
    ['', 'The pattern is empty'],
  ])('refuse the pattern %j with what to do', async (pattern, problem) => {
    expect(await call('search', { pattern })).toMatch(problem);
  });

  it('refuse a glob that is not closed', async () => {
    expect(await call('list_files', { globs: ['src/{a,b'] })).toMatch('ERROR The glob');
  });
});
