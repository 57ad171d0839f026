/**
 * What a failed connection says about the request: `not-sent` where no connection came about, so the provider certainly saw
 * nothing; `maybe-sent` for everything else, such as a reset, which can come after the request was read.
 */
export interface ConnectionFailure {
  readonly reached: 'not-sent' | 'maybe-sent';
  /** System code such as ECONNREFUSED, or words where there is none but the cause is known; else undefined. */
  readonly code: string | undefined;
}

/** Reads the codes that Node and undici put on an error or, at any depth, on its cause. */
export function connectionFailure(error: unknown): ConnectionFailure {
  let code: string | undefined;
  for (const link of causes(error)) {
    if (stringField(link, 'message') === 'bad port') return { reached: 'not-sent', code: forbiddenPort };
    const linkCode = stringField(link, 'code');
    if (linkCode === undefined) continue;
    code = linkCode;
    const isConnecting = stringField(link, 'syscall') === 'connect';
    if (isConnecting || beforeSending.has(linkCode) || certificateCode.test(linkCode)) {
      return { reached: 'not-sent', code };
    }
  }
  return { reached: 'maybe-sent', code };
}

/** What fetch says with no code at all: https://fetch.spec.whatwg.org/#port-blocking */
const forbiddenPort = 'fetch forbids this port; use another';

const beforeSending: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'],
  ...['UND_ERR_CONNECT_TIMEOUT', 'ERR_INVALID_URL'],
]);

const certificateCode =
  /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|EPROTO$)/;

function* causes(error: unknown): Generator<object> {
  let link = error;
  for (let depth = 0; depth < 8 && typeof link === 'object' && link !== null; depth++) {
    yield link;
    link = Reflect.get(link, 'cause');
  }
}

function stringField(object: object, name: string): string | undefined {
  const value: unknown = Reflect.get(object, name);
  return typeof value === 'string' ? value : undefined;
}
