/** A child process that is one relay of the comparison, before the upstream whose URL it is given. */
import { randomUUID } from 'node:crypto';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
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
  case 'gateway':
    await gateway('1000000000000');
    break;
  case 'ollama':
    await gateway('1');
    break;
}
process.on('message', (message) => {
  if (message === 'measure') process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() });
});
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

/** The gateway as `teelamma serve` puts it together: ledger, log and the JSON mirror on disk, in a fresh home. */
async function gateway(limit: string): Promise<void> {
  const { createApp } = await import('../../src/app.ts');
  const { createGateway } = await import('../../src/gateway/app.ts');
  const app = await createApp({
    environment: {
      ...process.env,
      TEELAMMA_BUDGET: limit,
      TEELAMMA_CLAUDE_URL: upstreamUrl,
      OLLAMA_HOST: upstreamUrl,
    },
  });
  const server = createGateway(
    { upstream: { url: upstreamUrl, stallTimeoutMs: 60_000, timeoutMs: 60_000 } },
    {
      ledger: app.ledger,
      ollama: app.ollama,
      router: app.router,
      log: app.log,
      nowMs: Date.now,
      newId: randomUUID,
      sleep: async (ms) => void (await delay(ms)),
    },
  );
  process.send?.({ port: Number(new URL(await server.start()).port) });
}
