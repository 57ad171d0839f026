import { expect, it } from 'vitest';
import { findSecrets } from './secrets.ts';
import { reviewed, withBlock } from './test-answer.ts';

// Put together at run time, so that this file holds no key that a scanner would find.
const githubToken = ['ghp', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'].join('_');
const databaseUrl = (host: string) => ['postgres', `//svc:Zk93xQv71p@${host}:5432/app`].join(':');

it('finds a key, names its kind and line, and does not repeat it', async () => {
  const { issues, maskedText } = await findSecrets(
    reviewed(withBlock('js', `\nconst token = '${githubToken}';`)),
  );
  expect(issues).toEqual([
    {
      kind: 'secret',
      severity: 'error',
      message: 'The answer holds what looks like a real secret at line 5 (GITHUB_TOKEN).',
      line: 5,
      block: 1,
      language: 'js',
    },
  ]);
  expect(maskedText).not.toContain('wWPw5k4a');
  expect(maskedText.split('\n')[4]).toBe(`const token = '${'*'.repeat(40)}';`);
});

it('finds a private key of several lines', async () => {
  const key = ['-----BEGIN RSA', 'PRIVATE KEY-----\n'].join(' ');
  const end = ['-----END RSA', 'PRIVATE KEY-----'].join(' ');
  const { issues, maskedText } = await findSecrets(
    reviewed(`x\n${key}${'MIIEpAIBAAKCAQEA75'.repeat(20)}\n${end}\ny`),
  );
  expect(issues).toMatchObject([{ line: 2, severity: 'error' }]);
  expect(maskedText.split('\n')).toHaveLength(5);
});

it('only warns of a secret that the task itself holds', async () => {
  const { issues } = await findSecrets(reviewed(githubToken, 'end_turn', `What is ${githubToken}?`));
  expect(issues).toMatchObject([{ severity: 'warning' }]);
});

it('only warns of a password for a host that is nobody’s', async () => {
  const severities = async (host: string) =>
    (await findSecrets(reviewed(databaseUrl(host)))).issues.map((issue) => issue.severity);
  expect(await severities('db.acme.io')).toEqual(['error']);
  expect(await severities('localhost')).toEqual(['warning']);
  expect(await severities('db')).toEqual(['warning']);
  expect(await severities('db.example.com')).toEqual(['warning']);
});

it('is not switched off by a comment in the answer', async () => {
  const { issues } = await findSecrets(reviewed(`<!-- secretlint-disable -->\n${githubToken}`));
  expect(issues).toHaveLength(1);
});

it('finds nothing in placeholders', async () => {
  const text = 'ANTHROPIC_API_KEY=<API_KEY>\nGITHUB_TOKEN=ghp_xxxx\npostgres://user:password@localhost/db';
  expect((await findSecrets(reviewed(text))).issues).toEqual([]);
});
