import { describe, expect, it } from 'vitest';
import { refuseChange, refuseRead } from './check-request.ts';

const token = '0b9d5b5e-1111-4222-8333-444455556666';
const page = {
  host: '127.0.0.1:7435',
  origin: 'http://127.0.0.1:7435',
  'content-type': 'application/json',
  'x-teelamma-token': token,
};

describe('refuseRead', () => {
  it.each(['127.0.0.1:7435', 'localhost:7435', 'LOCALHOST', '[::1]:7435', '127.0.0.53:80'])(
    'answers under the name %s of this machine',
    (host) => expect(refuseRead({ host })).toBeNull(),
  );

  it.each(['evil.example', 'evil.example:7435', '127.0.0.1.evil.example', 'localhost.evil.example:7435', ''])(
    'refuses the host %j, which a page of somebody else may have made to point here',
    (host) => expect(refuseRead({ host })).toMatchObject({ status: 421, code: 'foreign-host' }),
  );

  it.each([
    { origin: 'https://evil.example' },
    // Another program's page on this machine is another origin.
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('refuses a page of others: %j', (headers) => {
    expect(refuseRead({ host: page.host, ...headers })).toMatchObject({ status: 403, code: 'foreign-page' });
  });

  it('answers its own page and who types the address', () => {
    expect(refuseRead({ host: page.host, origin: page.origin, 'sec-fetch-site': 'same-origin' })).toBeNull();
    expect(refuseRead({ host: page.host, 'sec-fetch-site': 'none' })).toBeNull();
  });
});

describe('refuseChange', () => {
  it('lets the page that has the token change something', () => {
    expect(refuseChange(page, token)).toBeNull();
    expect(refuseChange({ ...page, 'content-type': 'application/json; charset=utf-8' }, token)).toBeNull();
  });

  it.each([
    ['without a token', { ...page, 'x-teelamma-token': undefined }, 403, 'no-token'],
    ['with the token of an earlier start', { ...page, 'x-teelamma-token': 'other' }, 403, 'no-token'],
    ['without an origin', { ...page, origin: undefined }, 403, 'no-origin'],
    ['from another origin', { ...page, origin: 'http://127.0.0.1:3000' }, 403, 'foreign-page'],
    ['as a form', { ...page, 'content-type': 'application/x-www-form-urlencoded' }, 415, 'not-json'],
    ['as text, which needs no preflight', { ...page, 'content-type': 'text/plain' }, 415, 'not-json'],
    ['under another name', { ...page, host: 'evil.example' }, 421, 'foreign-host'],
  ])('refuses a change %s', (_what, headers, status, code) => {
    expect(refuseChange(headers, token)).toMatchObject({ status, code });
  });
});
