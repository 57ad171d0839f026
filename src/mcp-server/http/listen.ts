import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TeelammaError } from '../../errors.ts';

/**
 * Starts an HTTP server; port 0 for any free one. Gives it with the port it has.
 * @throws TeelammaError `port-taken`, or `invalid-argument` where this machine has no such address
 */
export async function listen(
  host: string,
  port: number,
  handle: RequestListener,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(handle);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(asTeelammaError(host, port, error)));
    server.listen(port, host, resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

function asTeelammaError(host: string, port: number, error: NodeJS.ErrnoException): Error {
  switch (error.code) {
    case 'EADDRINUSE':
    case 'EACCES': {
      const why = error.code === 'EADDRINUSE' ? 'is already in use' : 'may not be opened by this user';
      const message = `The MCP server cannot listen on ${host}:${port}: the port ${why}. Choose another with --port, or 0 for any free one.`;
      return new TeelammaError('port-taken', message, { cause: error });
    }
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND': {
      const message = `The MCP server cannot listen on ${host}: this machine has no such address. Give one of its own with --host.`;
      return new TeelammaError('invalid-argument', message, { cause: error });
    }
    default:
      return error;
  }
}
