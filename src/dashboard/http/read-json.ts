import type { IncomingMessage } from 'node:http';

/** More than any form of the page sends. */
const mostBytes = 10_000;

/** The body as JSON; undefined where it is none, or too large, or never came. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      // Read to its end all the same, so that the connection can be used on.
      if (bytes <= mostBytes) chunks.push(chunk);
    }
    return bytes > mostBytes ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
