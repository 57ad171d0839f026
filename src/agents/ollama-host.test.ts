import { describe, expect, it } from 'vitest';
import { normaliseOllamaHost } from './ollama-host.ts';

describe('normaliseOllamaHost', () => {
  it.each([
    ['', 'http://127.0.0.1:11434'],
    ['  ', 'http://127.0.0.1:11434'],
    ['localhost', 'http://localhost:11434'],
    ['127.0.0.1:1234', 'http://127.0.0.1:1234'],
    [':1234', 'http://127.0.0.1:1234'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['0.0.0.0:8080', 'http://127.0.0.1:8080'],
    ['http://0.0.0.0:11434/', 'http://127.0.0.1:11434'],
    ['[::]:11434', 'http://[::1]:11434'],
    ['::1', 'http://[::1]:11434'],
    ['gpu.lan:80', 'http://gpu.lan'],
    ['http://gpu.lan', 'http://gpu.lan'],
    ['https://gpu.lan', 'https://gpu.lan'],
    ['https://gpu.lan:8443/ollama/', 'https://gpu.lan:8443/ollama'],
    ['"localhost:11434"', 'http://localhost:11434'],
  ])('reads %j as %s', (given, expected) => {
    expect(normaliseOllamaHost(given)).toBe(expected);
  });

  it.each(['ftp://gpu.lan', 'http://', 'not a host', 'host:99999'])('refuses %j with a way out', (given) => {
    expect(() => normaliseOllamaHost(given)).toThrow(/is not an address.*OLLAMA_HOST/);
  });

  it('refuses a login without repeating it', () => {
    expect(() => normaliseOllamaHost('http://me:secret@gpu.lan')).toThrow(/^((?!secret).)*$/);
  });
});
