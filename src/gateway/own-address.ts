import { networkInterfaces } from 'node:os';
import { isLoopbackName } from './identify-client.ts';

/** Where a gateway listens. */
export interface ListenAddress {
  /** An address, or a name of this machine. */
  readonly host: string;
  readonly port: number;
}

/** Whether a base URL leads to the gateway itself, which would then ask itself for Claude, and hold tokens each time round. */
export function isOwnAddress(url: string, { host, port }: ListenAddress): boolean {
  const parsed = URL.parse(url);
  if (parsed === null) return false;
  const { protocol, hostname, port: shown } = parsed;
  if (protocol !== 'http:' || Number(shown || 80) !== port) return false;
  const asked = withoutBrackets(hostname);
  if (isLoopbackName(asked)) return isLoopbackName(host) || isAnyAddress(host);
  return asked === withoutBrackets(host) || (isAnyAddress(host) && isOfThisMachine(asked));
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '').toLowerCase();
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || withoutBrackets(host) === '::';
}

function isOfThisMachine(asked: string): boolean {
  if (isAnyAddress(asked)) return true;
  return Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === asked));
}
