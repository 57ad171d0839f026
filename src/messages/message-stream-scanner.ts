import { isRecord, type OpenRecord, textOf } from './open-record.ts';
import { fromApiUsage, type TokenUsage } from './token-usage.ts';

/** Why a stream cannot be passed on any further. */
export interface StreamFault {
  readonly kind: 'error-event' | 'malformed';
  /** Type of the provider's error, such as `overloaded_error`; empty where there is none. */
  readonly errorType: string;
}

const nothing = Buffer.alloc(0);
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const openBrace = 0x7b;
const closeBrace = 0x7d;
/** The first bytes of `event:` and `data:`; no other field of the format begins with them. */
const eventByte = 0x65;
const dataByte = 0x64;

/** No event of the Messages API is as long; a longer one is a stream that is not one. */
const maxEventBytes = 32 * 1024 * 1024;

/**
 * Reads the usage of a Messages stream on its way through, without re-serialising it. Only `message_start`, `message_delta` and `error`
 * are parsed; of other events only the outermost braces are looked at. It lets whole events through only, so that a stream which breaks off
 * within one can still be continued as a valid stream.
 *
 * @see https://docs.anthropic.com/en/docs/build-with-claude/streaming
 */
export class MessageStreamScanner {
  /** Whether the first content block has begun. */
  hasContent = false;
  /** Whether `message_stop` came; what comes after it is dropped. */
  isComplete = false;
  /** Set where an event is an error or no JSON; that event and what follows are not let through. */
  fault: StreamFault | null = null;
  /** Whether the provider has said what the whole answer used. */
  usageIsFinal = false;
  private usageFields: OpenRecord | null = null;
  private tail: Buffer = nothing;

  /** What the provider has reported so far; undefined before its first report. */
  get usage(): TokenUsage | undefined {
    return this.usageFields === null ? undefined : fromApiUsage(this.usageFields);
  }

  /** Takes the next bytes; returns those that make whole events, which are to be passed on as they are. */
  push(chunk: Buffer): Buffer {
    if (this.isComplete || this.fault !== null) return nothing;
    const bytes = this.tail.length === 0 ? chunk : Buffer.concat([this.tail, chunk]);
    const passed = this.scan(bytes);
    this.tail = passed === bytes.length ? nothing : bytes.subarray(passed);
    if (this.tail.length > maxEventBytes) this.fault = { kind: 'malformed', errorType: '' };
    return passed === bytes.length ? bytes : bytes.subarray(0, passed);
  }

  /** Takes the end of the stream: a last event without its blank line still counts. Returns what is to be passed on. */
  end(): Buffer {
    if (this.tail.length === 0) return nothing;
    return this.push(Buffer.from('\n\n'));
  }

  /** Returns how many bytes make whole events. */
  private scan(bytes: Buffer): number {
    let eventStart = 0;
    let lineStart = 0;
    let type = '';
    let dataStart = -1;
    let dataEnd = -1;
    for (;;) {
      const feed = bytes.indexOf(lineFeed, lineStart);
      if (feed < 0) return eventStart;
      const lineEnd = feed > lineStart && bytes[feed - 1] === carriageReturn ? feed - 1 : feed;
      if (lineEnd > lineStart) {
        const first = bytes[lineStart];
        if (first === eventByte) type = bytes.toString('latin1', lineStart + 6, lineEnd).trim();
        else if (first === dataByte) {
          if (dataStart < 0) dataStart = lineStart + 5;
          dataEnd = lineEnd;
        }
      } else {
        if (dataStart >= 0) this.take(type, bytes, dataStart, dataEnd);
        if (this.fault !== null) return eventStart;
        eventStart = feed + 1;
        if (this.isComplete) return eventStart;
        type = '';
        dataStart = -1;
      }
      lineStart = feed + 1;
    }
  }

  private take(name: string, bytes: Buffer, dataStart: number, dataEnd: number): void {
    let start = dataStart;
    let end = dataEnd;
    while (bytes[start] === space) start += 1;
    while (bytes[end - 1] === space) end -= 1;
    if (bytes[start] !== openBrace || bytes[end - 1] !== closeBrace) {
      this.fault = { kind: 'malformed', errorType: '' };
      return;
    }
    if (name === 'content_block_delta' || name === 'content_block_start' || name === 'content_block_stop') {
      this.hasContent = true;
      return;
    }
    if (name === 'ping') return;
    const event = parsed(bytes.toString('utf8', start, end));
    if (event === null) {
      this.fault = { kind: 'malformed', errorType: '' };
      return;
    }
    this.read(name === '' ? textOf(event['type']) : name, event);
  }

  private read(type: string, event: OpenRecord): void {
    switch (type) {
      case 'message_start': {
        const message = isRecord(event['message']) ? event['message'] : {};
        if (isRecord(message['usage'])) this.usageFields = message['usage'];
        return;
      }
      case 'message_delta': {
        // Cumulative: the last one counts, and what it does not name keeps its earlier value.
        if (isRecord(event['usage'])) this.usageFields = { ...this.usageFields, ...present(event['usage']) };
        const delta = isRecord(event['delta']) ? event['delta'] : {};
        if (this.usageFields !== null && typeof delta['stop_reason'] === 'string') this.usageIsFinal = true;
        return;
      }
      case 'message_stop':
        this.isComplete = true;
        return;
      case 'error': {
        const error = isRecord(event['error']) ? event['error'] : {};
        this.fault = { kind: 'error-event', errorType: textOf(error['type']) };
        return;
      }
      default:
        if (type.startsWith('content_block')) this.hasContent = true;
    }
  }
}

function parsed(text: string): OpenRecord | null {
  try {
    const value: unknown = JSON.parse(text.replaceAll(/\r?\ndata: ?/g, '\n'));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function present(fields: OpenRecord): OpenRecord {
  // `cache_creation` is an object: how much was written to the cache for how long.
  const isPresent = (value: unknown) => typeof value === 'number' || isRecord(value);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isPresent(value)));
}
