import type { IncomingHttpHeaders } from 'node:http';
import { noUsage, type TokenUsage } from '../messages/token-usage.ts';
import type { Fault } from './fault.ts';

/**
 * How a request ended. `cut`: the simulator ended the connection itself, as a fault asked. `client-disconnected`: the client went
 * before it had the whole answer.
 */
export type RequestOutcome = 'pending' | 'completed' | 'client-disconnected' | 'cut';

/** One request as a simulator saw it; its outcome fields change until it has ended. */
export interface RecordedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** With the leading `?`, or empty. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON; undefined where there was none or it did not parse. */
  readonly body: unknown;
  readonly bodyBytes: number;
  /** Counted from 0 over the model calls that were answered or faulted; null for every other request. */
  readonly callIndex: number | null;
  /** Status that was sent; null where the connection ended before one. */
  readonly status: number | null;
  readonly outcome: RequestOutcome;
  /** The fault that was shown. */
  readonly fault: Fault | null;
  /** What the provider charges for it, so far; null for requests that cost nothing. */
  readonly billed: TokenUsage | null;
  /** Ollama only: older messages or the front of the prompt were silently dropped to fit `num_ctx`. */
  readonly promptTruncated: boolean;
}

/** The simulator's own, writable view of a recorded request. */
export type OpenRecord = { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] };

/** Latest requests and the sum of all that was billed. */
export interface RequestLog {
  /** Oldest first. */
  readonly requests: readonly RecordedRequest[];
  readonly usageTotals: TokenUsage;
  open(record: OpenRecord): void;
  /** Replaces what was billed for this request before. */
  bill(record: OpenRecord, usage: TokenUsage): void;
}

/** @param keep How many requests, with their bodies, stay in memory. */
export function createRequestLog(keep: number): RequestLog {
  const requests: RecordedRequest[] = [];
  const totals = { ...noUsage } as { -readonly [Key in keyof TokenUsage]: number };
  return {
    requests,
    get usageTotals() {
      return { ...totals };
    },
    open(record) {
      requests.push(record);
      if (requests.length > keep) requests.shift();
    },
    bill(record, usage) {
      const before = record.billed ?? noUsage;
      record.billed = usage;
      totals.inputTokens += usage.inputTokens - before.inputTokens;
      totals.cacheCreationInputTokens += usage.cacheCreationInputTokens - before.cacheCreationInputTokens;
      totals.cacheReadInputTokens += usage.cacheReadInputTokens - before.cacheReadInputTokens;
      totals.outputTokens += usage.outputTokens - before.outputTokens;
    },
  };
}
