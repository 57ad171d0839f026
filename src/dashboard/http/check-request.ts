import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Header with the token that only the page was given. */
const tokenHeader = 'x-teelamma-token';

/** Why a request is not answered. */
export interface RequestRefusal {
  readonly status: 403 | 415 | 421;
  readonly code: string;
  readonly message: string;
}

/**
 * Whether a request reaches this server under a name of this machine, and not from a page of somebody else: a page whose own name is made
 * to point here (DNS rebinding) brings that name in `Host`, and any other says in `Sec-Fetch-Site` that it is another. Null: it may go on.
 */
export function refuseRead(headers: IncomingHttpHeaders): RequestRefusal | null {
  const { host = '', origin } = headers;
  if (!isLoopbackHost(host)) {
    const message = `The dashboard answers under names of this machine only, such as 127.0.0.1, and not as "${host.slice(0, 100)}"`;
    return { status: 421, code: 'foreign-host', message };
  }
  const site = headers['sec-fetch-site'];
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none';
  if (!isOwnSite || (origin !== undefined && origin !== `http://${host}`)) {
    return { status: 403, code: 'foreign-page', message: 'The dashboard does not answer pages of others' };
  }
  return null;
}

/** The same for a request that changes something: it must come from our page, which alone has the token, as JSON. */
export function refuseChange(headers: IncomingHttpHeaders, token: string): RequestRefusal | null {
  const refusal = refuseRead(headers);
  if (refusal) return refusal;
  if (headers.origin === undefined) {
    return {
      status: 403,
      code: 'no-origin',
      message: 'A change needs the header Origin, as browsers send it',
    };
  }
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    return { status: 415, code: 'not-json', message: 'A change is sent as application/json' };
  }
  const given = headers[tokenHeader];
  if (typeof given !== 'string' || !isSame(given, token)) {
    const message = 'The token of this page is missing or of an earlier start: load the page again';
    return { status: 403, code: 'no-token', message };
  }
  return null;
}

/** Digests have one length, and comparing them takes the same time wherever they differ. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, '');
  return name === 'localhost' || name === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}
