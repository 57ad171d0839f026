import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { headersForClient, headersForUpstream } from './forwarded-headers.ts';

function request(headers: readonly (readonly [string, string])[]): IncomingMessage {
  const parsed = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  return { rawHeaders: headers.flat(), headers: parsed } as unknown as IncomingMessage;
}

describe('headersForUpstream', () => {
  const sent = request([
    ['Host', 'localhost'],
    ['Connection', 'close, X-Hop'],
    ['X-Hop', '1'],
    ['Transfer-Encoding', 'chunked'],
    ['Accept-Encoding', 'gzip, br'],
    ['X-Api-Key', 'client-key'],
    ['Authorization', 'Bearer client-token'],
    ['x-teelamma-key', 'gateway-key'],
    ['Anthropic-Beta', 'a'],
    ['Anthropic-Beta', 'b'],
    ['X-Unknown', 'yes'],
  ]);

  it("passes on everything but the connection's own, and asks for no compression", () => {
    expect(headersForUpstream(sent, null)).toEqual(
      [
        ['X-Api-Key', 'client-key'],
        ['Authorization', 'Bearer client-token'],
        ['Anthropic-Beta', 'a'],
        ['Anthropic-Beta', 'b'],
        ['X-Unknown', 'yes'],
        ['accept-encoding', 'identity'],
      ].flat(),
    );
  });

  it("puts the gateway's credential in the place of the client's", () => {
    const headers = headersForUpstream(sent, ['x-api-key', 'own']);
    expect(headers.join(' ')).not.toMatch(/client-|gateway-key/);
    expect(headers).toContain('own');
  });
});

describe('headersForClient', () => {
  it('passes on an open list without what frames the body', () => {
    const headers = {
      'request-id': 'r',
      'set-cookie': ['a', 'b'],
      'content-length': '3',
      connection: 'x-hop',
      'x-hop': '1',
    };
    expect(headersForClient(headers)).toEqual({ 'request-id': 'r', 'set-cookie': ['a', 'b'] });
  });
});
