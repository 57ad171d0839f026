import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A TCP relay between a client and a server that can lose an answer. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /**
   * Cuts every connection when the server next answers a request that contains `text`: the server has done it, and the client never
   * hears of it.
   */
  loseAnswerTo(text: string): void;
  /** How many answers were lost. */
  lost(): number;
  /** How many connections were made to it. */
  connections(): number;
}

/** Relays to `targetPort` on this machine; a connection is relayed after so many milliseconds. */
export async function startProxy(targetPort: number, delayMs = 0): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let awaited: string | null = null;
  let isAsked = false;
  let lost = 0;
  let connections = 0;
  const server = createServer(async (client) => {
    connections += 1;
    client.pause();
    client.on('error', () => undefined);
    sockets.add(client);
    await delay(delayMs);
    const upstream = connect(targetPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (awaited !== null && chunk.includes(awaited)) isAsked = true;
      upstream.write(chunk);
    });
    client.resume();
    upstream.on('data', (chunk) => {
      if (!isAsked) {
        client.write(chunk);
        return;
      }
      isAsked = false;
      awaited = null;
      lost += 1;
      client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    loseAnswerTo(text) {
      awaited = text;
    },
    lost: () => lost,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
