import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageStreamScanner } from './message-stream-scanner.ts';

const sse = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const usage = { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1 };
const events = [
  sse('message_start', { message: { usage } }),
  sse('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  sse('ping', {}),
  sse('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'héllo\n\ndata: {' } }),
  sse('content_block_stop', { index: 0 }),
  sse('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 40 } }),
  sse('message_stop', {}),
];
const stream = events.join('');
const final = { inputTokens: 10, cacheCreationInputTokens: 0, cacheReadInputTokens: 5, outputTokens: 40 };

function scan(bytes: Buffer, cuts: readonly number[]) {
  const scanner = new MessageStreamScanner();
  const passed: Buffer[] = [];
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    passed.push(scanner.push(bytes.subarray(from, to)));
    from = to;
  }
  passed.push(scanner.end());
  return { scanner, passed: Buffer.concat(passed).toString(), parts: passed.map(String) };
}

describe('MessageStreamScanner', () => {
  it('reads the usage and passes the bytes on unchanged, wherever the stream is cut and however its lines end', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), fc.boolean(), (cuts, isCrlf) => {
        const text = isCrlf ? stream.replaceAll('\n', '\r\n') : stream;
        const { scanner, passed, parts } = scan(
          Buffer.from(text),
          cuts.sort((a, b) => a - b),
        );
        expect(passed).toBe(text);
        expect(scanner).toMatchObject({ usage: final, usageIsFinal: true, isComplete: true, fault: null });
        // Each part ends with an event.
        for (const part of parts) expect(part === '' || /\n\r?\n$/.test(part)).toBe(true);
      }),
    );
  });

  it('ends at message_stop, whatever follows', () => {
    const { passed } = scan(Buffer.from(`${stream}${events[3]}`), []);
    expect(passed).toBe(stream);
  });

  it('holds back an event that is not whole, and reports what is known of the usage', () => {
    const { scanner, passed } = scan(Buffer.from(`${events[0]}${events[1]}event: content_bl`), []);
    expect(passed).toBe(`${events[0]}${events[1]}event: content_bl\n\n`);
    const open = new MessageStreamScanner();
    expect(open.push(Buffer.from(`${events[0]}event: content_bl`)).toString()).toBe(events[0]);
    expect(open).toMatchObject({ usageIsFinal: false, hasContent: false, isComplete: false });
    expect(scanner.hasContent).toBe(true);
  });

  it.each([
    ['an error event', sse('error', { error: { type: 'overloaded_error', message: 'x' } }), 'error-event'],
    ['an event that is no JSON', 'event: content_block_delta\ndata: {"type":"content_bl\n\n', 'malformed'],
    ['a usage that is no JSON', 'event: message_delta\ndata: {"usage":}\n\n', 'malformed'],
    ['data that is no object', 'data: [DONE]\n\n', 'malformed'],
  ])('stops before %s', (_name, bad, kind) => {
    const { scanner, passed } = scan(Buffer.from(`${events[0]}${bad}${events[3]}`), []);
    expect(passed).toBe(events[0]);
    expect(scanner.fault?.kind).toBe(kind);
  });

  it('reads events that name their type in the data alone', () => {
    const { scanner } = scan(Buffer.from(stream.replaceAll(/event: .*\n/g, '')), []);
    expect(scanner).toMatchObject({ usage: final, isComplete: true });
  });
});
