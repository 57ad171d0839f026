import type { ServerResponse } from 'node:http';
import type { HelloEvent } from './api/api-types.ts';
import type { ChangeWatch } from './ChangeWatch.ts';
import { safeHeaders, sendError } from './http/send.ts';

/** Each open page has one. */
const mostStreams = 50;
/** Some programs on the way cut connections that are silent for a minute. */
const beatMs = 20_000;

/** Streams of server-sent events: `hello` first, then `change` whenever there is something new to be read. */
export class EventStreams {
  private readonly hello: HelloEvent;
  private readonly watch: ChangeWatch;
  private readonly open = new Set<ServerResponse>();

  constructor(hello: HelloEvent, ports: { readonly watch: ChangeWatch }) {
    this.hello = hello;
    this.watch = ports.watch;
  }

  /** Begins a stream, which ends when the page goes or `close` is called. */
  begin(response: ServerResponse): void {
    if (this.open.size >= mostStreams) {
      sendError(response, 503, 'too-many-pages', `${mostStreams} pages are open already; close some`);
      return;
    }
    response.writeHead(200, { ...safeHeaders, 'content-type': 'text/event-stream' });
    response.write(`retry: 1000\nevent: hello\ndata: ${JSON.stringify(this.hello)}\n\n`);
    const stop = this.watch.subscribe(() => {
      // A page that does not read, such as one that sleeps, needs to know only once.
      if (response.writableLength === 0) response.write('event: change\ndata: {}\n\n');
    });
    const beat = setInterval(() => response.write(': still here\n\n'), beatMs);
    beat.unref();
    this.open.add(response);
    response.once('close', () => {
      stop();
      clearInterval(beat);
      this.open.delete(response);
    });
  }

  close(): void {
    for (const response of this.open) response.end();
  }
}
