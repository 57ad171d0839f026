/** A child process that is one bare relay of the comparison, before the upstream whose URL it is given. */
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

const [, , kind, upstreamUrl = ''] = process.argv;
const upstream = new URL(upstreamUrl);

switch (kind) {
  case 'http':
    bareHttp();
    break;
  case 'undici':
    bareUndici();
    break;
}
process.on('disconnect', () => process.exit());

function listening(server: ReturnType<typeof createServer>): void {
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
}

function bareHttp(): void {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  listening(
    createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      const forwarded = httpRequest(
        {
          agent,
          host: upstream.hostname,
          port: upstream.port,
          path: request.url,
          method: request.method,
          headers: request.headers,
        },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      forwarded.on('error', () => response.destroy());
      request.pipe(forwarded);
    }),
  );
}

function bareUndici(): void {
  const pool = new Pool(upstream.origin, { allowH2: false });
  listening(
    createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      const { connection: _connection, 'transfer-encoding': _encoding, ...headers } = request.headers;
      pool
        .stream({ path: request.url ?? '/', method: 'POST', headers, body: request }, (answer) => {
          response.writeHead(answer.statusCode, answer.headers);
          return response;
        })
        .catch(() => response.destroy());
    }),
  );
}
