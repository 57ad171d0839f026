import { connect, createServer, type Socket } from 'node:net';

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
}

/** Relays to `targetPort` on this machine. */
export async function startProxy(targetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let awaited: string | null = null;
  let isAsked = false;
  let lost = 0;
  const server = createServer((client) => {
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
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
