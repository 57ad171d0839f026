import { describe, expect, it } from 'vitest';
import { isSecretName, maskSecrets } from './mask-secrets.ts';

/** Put together here, so that no scanner takes this file for a leak. */
const join = (...parts: string[]) => parts.join('');

describe('maskSecrets', () => {
  it.each([
    ['an Anthropic key', join('sk-', 'ant-api03-AbCd_12-34'), 'AbCd'],
    ['an OpenAI key', join('sk-', 'proj-abcdefghijklmnop1234'), 'abcdef'],
    ['a GitHub token', join('gh', 'p_abcdefghijklmnopqrstuvwxyz0123456789'), 'abcdef'],
    ['an AWS key', join('AK', 'IAIOSFODNN7EXAMPLE'), 'IOSFOD'],
    ['a Google key', join('AI', 'zaSyA-abcdefghijklmnopqrstuvwxyz12345'), 'SyA'],
    ['a Slack token', join('xo', 'xb-123456789012-abcdefghijkl'), '1234'],
    ['a JWT', join('ey', 'JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_def'), 'eyJzdWIi'],
    ['an authorization header', 'Authorization: Bearer abc.def', 'abc'],
    ['an x-api-key header', "curl -H 'x-api-key: hunter22'", 'hunter22'],
    ['JSON', '{"x-api-key":"hunter22","a":1}', 'hunter22'],
    ['JSON inside JSON', '{\\"apiKey\\":\\"hunter22\\"}', 'hunter22'],
    ['an assignment', 'export ANTHROPIC_API_KEY=hunter22', 'hunter22'],
    ['a password in a URL', 'postgres://app:hunter22@db/x', 'hunter22'],
    ['a bearer token in prose', 'sent bearer abcdefghij0123456789', '0123456789'],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----', 'MIIabc'],
    ['a private key that was cut', 'x\n-----BEGIN PRIVATE KEY-----\nMIIabc\nMII', 'MII'],
  ])('masks %s and leaves the words around it', (_name, text, secret) => {
    const masked = maskSecrets(`before ${text} after`);
    expect(masked).toMatch(/^before .*\[masked: [a-z-]+\]/s);
    expect(masked).not.toContain(secret);
  });

  it.each([
    'Write a task-runner that reads tokens one by one',
    'The risk-assessment-of-the-whole-thing is in docs/risk-model.md',
    'https://example.com:8080/path?x=1',
    'uses 1200 tokens: 1000 in, 200 out',
    'sha256 3f2a9c0011223344556677889900aabbccddeeff',
  ])('leaves %j as it is', (text) => {
    expect(maskSecrets(text)).toBe(text);
  });

  it('masks twice as once', () => {
    const once = maskSecrets('authorization: Bearer abcdefgh; api_key=abcdefgh');
    expect(maskSecrets(once)).toBe(once);
  });

  it.each(['a', '-', 'api_key ', 'sk-', 'cookie:  ', 'x://', '-----BEGIN PRIVATE KEY-----', 'eyJ-', '.'])(
    'takes time in proportion to the text: %j again and again',
    (piece) => {
      // Quadratic patterns would need minutes here, and the test would run out of its time.
      maskSecrets(`secret://bearer${piece.repeat(Math.ceil(400_000 / piece.length))}`);
    },
  );
});

describe('isSecretName', () => {
  it.each([
    'x-api-key',
    'apiKey',
    'ANTHROPIC_API_KEY',
    'Authorization',
    'Proxy-Authorization',
    'auth_token',
    'password',
    'Set-Cookie',
    'secret',
  ])('knows %s', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each(['tokens', 'inputTokens', 'token', 'key', 'author', 'secretary', 'monkey', 'taskId'])(
    'leaves %s',
    (name) => {
      expect(isSecretName(name)).toBe(false);
    },
  );
});
