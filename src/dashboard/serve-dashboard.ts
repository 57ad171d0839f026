import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TeelammaError } from '../errors.ts';
import { createDashboard } from './create-dashboard.ts';
import type { DashboardOptions, DashboardPorts } from './DashboardPorts.ts';
import { sendError } from './http/send.ts';

export interface DashboardServer extends AsyncDisposable {
  /** With the slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** The dashboard on a server of its own, on loopback. @throws TeelammaError `port-taken` */
export async function serveDashboard(
  { port, ...options }: DashboardOptions & { readonly port: number },
  ports: DashboardPorts,
): Promise<DashboardServer> {
  const dashboard = createDashboard(options, ports);
  const server = createServer((request, response) => {
    void dashboard.handle(request, response).then((isAnswered) => {
      if (!isAnswered) sendError(response, 404, 'not-found', 'The dashboard is at /, for browsers');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    dashboard.close();
    server.closeAllConnections();
    await closed;
  };
  const { port: actual } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${actual}/`, close, [Symbol.asyncDispose]: close };
}

function listenError(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return error;
  const why = error.code === 'EADDRINUSE' ? 'is already in use' : 'may not be opened by this user';
  const message = `The dashboard cannot listen on 127.0.0.1:${port}: the port ${why}. Choose another with --port, or 0 for any free one.`;
  return new TeelammaError('port-taken', message, { cause: error });
}
