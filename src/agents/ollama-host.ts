import { TeelammaError } from '../errors.ts';

/**
 * Base URL of an Ollama server from any form that `OLLAMA_HOST` takes: a URL, `host`, `host:port`, `:port`, an address to listen on.
 * Without a scheme the port defaults to 11434, with one to the scheme's own, as Ollama does it; `0.0.0.0` and `[::]`, which
 * one listens on and cannot call, become the loopback address. No trailing slash.
 *
 * @throws TeelammaError `invalid-config` where it is no address
 * @see https://github.com/ollama/ollama/blob/main/envconfig/config.go
 */
export function normaliseOllamaHost(host: string): string {
  const given = host.trim().replace(/^(["'])(.*)\1$/, '$2');
  const hasScheme = given.includes('://');
  const named = /^(:\d*)?$/.test(given) ? `127.0.0.1${given}` : given;
  const url = URL.parse(hasScheme ? named : `http://${bracketed(named)}`);
  if (url === null || url.hostname === '' || !/^https?:$/.test(url.protocol)) {
    throw new TeelammaError(
      'invalid-config',
      `The Ollama host "${host}" is not an address. Give one like http://127.0.0.1:11434 in OLLAMA_HOST or the config.`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new TeelammaError(
      'invalid-config',
      'The Ollama host holds a login, which cannot be sent. Give the address alone in OLLAMA_HOST or the config.',
    );
  }
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  if (url.hostname === '[::]') url.hostname = '[::1]';
  if (url.port === '' && !hasScheme && !/:80(\/|$)/.test(named)) url.port = '11434';
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
}

/** An IPv6 address needs brackets in a URL. */
function bracketed(host: string): string {
  return /^[0-9a-f]*:[0-9a-f:]*:[0-9a-f]*$/i.test(host) ? `[${host}]` : host;
}
