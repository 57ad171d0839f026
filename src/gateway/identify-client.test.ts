import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { identifyClient, isForeignPage, isLoopbackName } from './identify-client.ts';
import { hashGatewayKey, newGatewayKey } from './keys/gateway-key.ts';

const secret = newGatewayKey();
const key = {
  id: '1',
  name: 'laptop',
  hash: hashGatewayKey(secret),
  user: null,
  project: null,
  createdAtMs: 0,
};
const own = ['x-api-key', 'own-key'] as const;
const request = (headers: object) => ({ headers }) as IncomingMessage;
const identify = (headers: object, ownCredential: typeof own | null = own) =>
  identifyClient(request(headers), { keys: [key], isKeyRequired: true, ownCredential });

describe('identifyClient', () => {
  it("uses the client's own credentials where no key is needed", () => {
    const access = { keys: [], isKeyRequired: false, ownCredential: own };
    expect(identifyClient(request({ 'x-api-key': 'theirs' }), access)).toMatchObject({
      key: null,
      credential: null,
      credentials: 'theirs',
    });
    expect(identifyClient(request({}), access)?.credentials).toBe('');
  });

  it.each([
    [{ 'x-api-key': secret }],
    [{ authorization: `Bearer ${secret}` }],
    [{ 'x-teelamma-key': secret }],
  ])("takes a gateway key alone, and asks Claude with the gateway's own", (headers) => {
    expect(identify(headers)).toMatchObject({ key: { name: 'laptop' }, credential: own });
    expect(identify(headers, null)).toMatchObject({ credential: null, credentials: '' });
  });

  it("takes a gateway key in its own header beside the client's", () => {
    const client = identify({ 'x-teelamma-key': secret, 'x-api-key': 'theirs' });
    expect(client).toMatchObject({ key: { name: 'laptop' }, credential: null, credentials: 'theirs' });
  });

  it.each([[{}], [{ 'x-api-key': 'theirs' }], [{ 'x-teelamma-key': `${secret}x` }]])(
    'refuses %j',
    (headers) => {
      expect(identify(headers)).toBeNull();
    },
  );
});

describe('isForeignPage', () => {
  it('lets programs and pages of this machine in, and nobody else', () => {
    expect(isForeignPage(request({}))).toBe(false);
    expect(isForeignPage(request({ origin: 'http://localhost:5173' }))).toBe(false);
    for (const origin of ['https://example.com', 'null', 'http://localhost.example.com', 'file://'])
      expect(isForeignPage(request({ origin })), origin).toBe(true);
    expect(isLoopbackName('[::1]')).toBe(true);
  });
});
