import { describe, expect, it } from 'vitest';
import { isOwnAddress } from './own-address.ts';

describe('isOwnAddress', () => {
  it.each([
    ['http://127.0.0.1:7434', '127.0.0.1', 7434],
    ['http://localhost:7434/v1', '127.0.0.1', 7434],
    ['http://[::1]:7434', '0.0.0.0', 7434],
    ['http://0.0.0.0:7434', '0.0.0.0', 7434],
    ['http://box.example:7434', 'box.example', 7434],
    ['http://localhost', '127.0.0.1', 80],
  ])('knows %s as a gateway on %s:%i', (url, host, port) => {
    expect(isOwnAddress(url, { host, port })).toBe(true);
  });

  it.each([
    ['http://127.0.0.1:7435', '127.0.0.1', 7434],
    ['https://api.anthropic.com', '127.0.0.1', 443],
    ['http://gateway.example:7434', '0.0.0.0', 7434],
    ['http://127.0.0.1:7434', '192.0.2.7', 7434],
  ])('knows %s as another than a gateway on %s:%i', (url, host, port) => {
    expect(isOwnAddress(url, { host, port })).toBe(false);
  });
});
