/**
 * A child process that answers as both providers, with the least work: it parses nothing. `POST /v1/messages` with `"stream":true` sends one
 * event a write; `/api/chat` one NDJSON line a write.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const deltas = Number(process.argv[2] ?? 50);
const pauseMs = Number(process.argv[3] ?? 0);

const usage = {
  input_tokens: 300,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 60,
};
const head = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-5-5',
  stop_sequence: null,
};
const whole = JSON.stringify({
  ...head,
  content: [{ type: 'text', text: 'x'.repeat(800) }],
  stop_reason: 'end_turn',
  usage,
});
const sse = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const delta = sse('content_block_delta', {
  index: 0,
  delta: { type: 'text_delta', text: 'some words of text, ' },
});
const events = [
  sse('message_start', { message: { ...head, content: [], stop_reason: null, usage } }),
  sse('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  ...Array.from({ length: deltas }, () => delta),
  sse('content_block_stop', { index: 0 }),
  sse('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage }),
  sse('message_stop', {}),
];
const line = (rest: object) =>
  `${JSON.stringify({ model: 'qwen3:8b', created_at: '2026-01-01T00:00:00Z', ...rest })}\n`;
const chunk = line({ message: { role: 'assistant', content: 'some words of text, ' }, done: false });
const lines = [
  ...Array.from({ length: deltas }, () => chunk),
  line({
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: 'stop',
    prompt_eval_count: 300,
    eval_count: 60,
  }),
];
const show = JSON.stringify({
  capabilities: ['completion', 'tools'],
  model_info: { 'general.architecture': 'qwen3', 'qwen3.context_length': 131_072 },
});

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let wantsStream = false;
  request.on('data', (part: Buffer) => {
    wantsStream ||= part.includes('"stream":true');
  });
  request.on('end', () => {
    if (request.url === '/api/show') json(response, show);
    else if (request.url === '/api/chat') write(response, 'application/x-ndjson', lines);
    else if (wantsStream) write(response, 'text/event-stream; charset=utf-8', events);
    else json(response, whole);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());

function json(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(body.length) });
  response.end(body);
}

/** Each part is a write of its own, so a chunk of its own, in a round of the event loop of its own. */
function write(response: ServerResponse, type: string, parts: readonly string[]): void {
  response.writeHead(200, { 'content-type': type });
  let next = 0;
  const step = (): void => {
    if (response.destroyed) return;
    response.write(parts[next] as string);
    next += 1;
    if (next === parts.length) response.end();
    else if (pauseMs > 0) setTimeout(step, pauseMs);
    else setImmediate(step);
  };
  step();
}
