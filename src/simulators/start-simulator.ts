import { chargedTokens, type TokenUsage } from '../messages/token-usage.ts';
import { type Delivery, deliverBody } from './deliver.ts';
import type { Fault } from './fault.ts';
import { createFaultPlan, type FaultControls, type FaultPlan } from './fault-plan.ts';
import { type Exchange, startLoopbackServer } from './loopback-server.ts';
import { createRequestLog, type OpenRecord, type RecordedRequest } from './recorded-request.ts';
import type { Respond, ScriptedAnswer } from './scripted-answer.ts';

/** Options that both simulators have. */
export interface SimulatorOptions<Call> {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Chooses answers; comes before `script` and the built-in answers. */
  readonly respond?: Respond<Call>;
  /** Answers of the next model calls, in order. */
  readonly script?: readonly ScriptedAnswer[];
  /**
   * Wait between the events of a stream in milliseconds. 0, the default, sends each event by itself without a wait; null sends all
   * at once, which is the least work.
   */
  readonly eventDelayMs?: number | null;
  /** How much text one event of a stream carries, in characters, about. Default 24. */
  readonly pieceCharacters?: number;
  /** How many requests are kept in `requests`, with their bodies. Default 1,000. */
  readonly keepRequests?: number;
}

/** A running simulator. */
export interface Simulator extends AsyncDisposable {
  /** Base URL without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** Sum of all that was billed; an answer that was cut counts up to its cut. */
  readonly usageTotals: TokenUsage;
  /** The same as one number. */
  readonly chargedTokens: number;
  /** Answers of the next model calls, in order; may be added to at any time. */
  readonly script: ScriptedAnswer[];
  readonly faults: FaultControls;
  /** Ends every connection and frees the port. Closing twice is closing once. */
  close(): Promise<void>;
}

/** A request that is being answered. */
export interface OpenRequest {
  readonly exchange: Exchange;
  readonly record: OpenRecord;
  /** Counted from 1 over all requests. */
  readonly number: number;
  /** Records how far the answer got. With `usage`, as it is when complete, the request is billed: its input, and output so far. */
  readonly report: (delivery: Delivery, usage?: TokenUsage) => void;
}

/** What the routes of a simulator share. */
export interface CallState {
  readonly script: ScriptedAnswer[];
  readonly faults: FaultPlan;
  /** Index of the next model call; counts up with each use. */
  takeCallIndex(): number;
}

/**
 * The part that both simulators have in common: the server, the record of requests, what was billed, script and faults.
 * @throws TeelammaError `port-taken`
 */
export async function startSimulator(
  settings: { readonly name: string; readonly maxBodyBytes: number },
  options: Pick<SimulatorOptions<never>, 'port' | 'script' | 'keepRequests'>,
  answer: (request: OpenRequest, state: CallState) => Promise<void>,
): Promise<Simulator> {
  const log = createRequestLog(options.keepRequests ?? 1000);
  const faults = createFaultPlan();
  const script = [...(options.script ?? [])];
  let calls = 0;
  let requestCount = 0;
  const state: CallState = { script, faults, takeCallIndex: () => calls++ };
  const server = await startLoopbackServer({ ...settings, port: options.port ?? 0 }, async (exchange) => {
    requestCount += 1;
    const record = openRecord(exchange);
    log.open(record);
    const report = ({ status, outcome, outputTokens }: Delivery, usage?: TokenUsage) => {
      record.status = status;
      record.outcome = outcome;
      if (usage !== undefined) log.bill(record, { ...usage, outputTokens });
    };
    await answer({ exchange, record, number: requestCount, report }, state);
  });
  return {
    url: server.url,
    port: server.port,
    requests: log.requests,
    get usageTotals() {
      return log.usageTotals;
    },
    get chargedTokens() {
      return chargedTokens(log.usageTotals);
    },
    script,
    faults,
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  };
}

/**
 * The answer that `respond` or the script has for a call, and the fault that it shows: the answer's own, else a planned one, else the
 * one that the prompt asks for.
 */
export async function chooseAnswer<Call>(
  call: Call,
  callIndex: number,
  respond: Respond<Call> | undefined,
  state: CallState,
  promptFault: Fault | undefined,
): Promise<{ readonly scripted: ScriptedAnswer; readonly fault: Fault | undefined }> {
  const scripted = (await respond?.(call, callIndex)) ?? state.script.shift() ?? {};
  return { scripted, fault: scripted.fault ?? state.faults.take(callIndex) ?? promptFault };
}

/** Sends an answer that is not a model's, in one piece; it costs nothing. */
export function sendBody(
  { exchange, report }: OpenRequest,
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  return deliverBody(exchange, {
    status,
    headers: { 'content-type': contentType, ...headers },
    body,
    outputTokens: 0,
    fault: undefined,
    report,
  });
}

/** 502 with HTML, as a proxy in between answers. */
export function sendBadGateway(request: OpenRequest): Promise<void> {
  const body =
    '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n';
  return sendBody(request, 502, 'text/html; charset=utf-8', body);
}

function openRecord(exchange: Exchange): OpenRecord {
  return {
    method: exchange.method,
    path: exchange.path,
    query: exchange.query,
    headers: exchange.request.headers,
    body: undefined,
    bodyBytes: exchange.bodyBytes,
    callIndex: null,
    status: null,
    outcome: 'pending',
    fault: null,
    billed: null,
    promptTruncated: false,
  };
}
