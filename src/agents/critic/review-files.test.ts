import { describe, expect, it } from 'vitest';
import type { FileChange } from '../../workspace/FileChange.ts';
import { Critic } from '../Critic.ts';
import { message } from './test-answer.ts';

const image = (text: string) => ({ content: Buffer.from(text), mode: 0o644 });
const added = (path: string, after: string): FileChange => ({ path, status: 'added', after: image(after) });
const modified = (path: string, before: string, after: string): FileChange => ({
  path,
  status: 'modified',
  before: image(before),
  after: image(after),
});
const deleted = (path: string, before: string): FileChange => ({
  path,
  status: 'deleted',
  before: image(before),
});

const review = (...files: FileChange[]) =>
  new Critic().review({ task: 'Change it.', message: message('I changed it.'), files });

describe('the review of changed files', () => {
  it('approves files that are whole', async () => {
    const verdict = await review(
      added('src/a.ts', 'export const a = 1;\n'),
      modified('b.py', 'x = 1\r\n', 'x = 2\r\n'),
      added('tsconfig.json', '{\n  // why\n  "a": [1,],\n}\n'),
      added('notes.md', 'First ...\n\n...\n'),
      added('Makefile', 'all:\n\techo ...\n'),
      deleted('old.ts', 'const x = {'),
    );
    expect(verdict).toEqual({ outcome: 'approved', issues: [] });
  });

  it('names file and line of what does not parse', async () => {
    const { outcome, issues } = await review(added('src/a.ts', 'export const a = 1;\n\nfunction f( {\n'));
    expect(outcome).toBe('needs-repair');
    expect(issues[0]).toMatchObject({ kind: 'syntax-error', file: 'src/a.ts', line: 3, language: 'ts' });
    expect(issues[0]?.message).toMatch(/^src\/a\.ts does not parse: .* at line 3, near "function f\( \{"/);
    expect(issues[0]).not.toHaveProperty('block');
  });

  it('takes no fragment for a file, which a code block may be', async () => {
    const method = 'add(a: number) { return a; }\n';
    expect((await review(added('a.ts', method))).outcome).toBe('needs-repair');
    const block = await new Critic().review({ task: 'x', message: message(`\`\`\`ts\n${method}\`\`\``) });
    expect(block.outcome).toBe('approved');
  });

  it('finds code left out, and secrets', async () => {
    const key = ['AKIA', 'QYLPMN5HHHFPZAM2'].join('');
    const secret = `const id = "${key}";\nconst aws_secret_access_key = "wJalrXUtnFEMIK7MDENGbPxRfiCYSIMULATEDKEY";\n`;
    const { issues } = await review(added('a.ts', 'go();\n// ... rest of the code\n'), added('b.ts', secret));
    expect(issues).toContainEqual(
      expect.objectContaining({ kind: 'elided-code', file: 'a.ts', line: 2, severity: 'error' }),
    );
    expect(issues).toContainEqual(
      expect.objectContaining({ kind: 'secret', file: 'b.ts', severity: 'error' }),
    );
    expect(JSON.stringify(issues)).not.toContain(key);
  });

  it('does not blame a task for what was there before, also under another name', async () => {
    const old = 'type T = {| a: 1 |};\n// ... rest of the code\n';
    const both = await review(
      modified('a.ts', old, `// first\n${old}`),
      deleted('b.ts', old),
      added('c.ts', `${old}const x = 1;\n`),
    );
    expect(both.outcome).toBe('approved');
    const worse = await review(modified('a.ts', old, `${old}// ... existing code ...\n`));
    expect(worse.issues).toMatchObject([{ kind: 'elided-code', line: 3 }]);
  });

  it('still judges the message for what makes an answer hopeless', async () => {
    const files = [added('a.ts', 'go();\n')];
    const verdict = await new Critic().review({ task: 'x', message: message(''), files });
    expect(verdict.outcome).toBe('rejected');
    const cut = await new Critic().review({ task: 'x', message: message('I cha', 'max_tokens'), files });
    expect(cut.issues).toMatchObject([{ kind: 'cut-off' }]);
  });
});
