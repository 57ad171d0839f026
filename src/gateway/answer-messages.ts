import type { IncomingHttpHeaders } from 'node:http';
import { retryAfterMs } from '../agents/retry-after.ts';
import type { AgentName } from '../agents/Specialist.ts';
import { gatewayHeader } from '../config/own-gateway.ts';
import { asClaudeTakesIt, withMaxTokens } from '../messages/edit-request.ts';
import { isRecord, textOf } from '../messages/open-record.ts';
import { chargedTokens, fromApiUsage, type TokenUsage } from '../messages/token-usage.ts';
import type { MessagesRequest } from '../messages/types.ts';
import type { Scope } from '../state/Ledger.ts';
import { hasLimitHeaders } from '../state/reported-limit.ts';
import { version } from '../version.ts';
import type { ModelCall, RequestCause } from '../work-events.ts';
import { AnswerStream } from './answer-stream.ts';
import { answerWithOllama, type OllamaOutcome } from './answer-with-ollama.ts';
import { sendApiError } from './api-error.ts';
import { conversationId, isWithinToolUse } from './conversations.ts';
import { countInput, type InputCount } from './count-input.ts';
import { headersForClient, headersForUpstream } from './forwarded-headers.ts';
import type { Exchange, GatewayDecision, GatewayParts } from './GatewayParts.ts';
import type { Hold } from './holds.ts';
import { claudeCall, ollamaCall } from './model-calls.ts';
import type { ParsedBody } from './parse-messages-body.ts';
import { refusal } from './refusal.ts';
import { type RelayOutcome, relayClaude } from './relay-claude.ts';
import { type RelayedAnswer, readRelayed } from './relayed-answer.ts';
import { errorOf, errorTypeOf, mayPassOn, turnOutcome } from './turn-outcome.ts';
import type { UpstreamAnswer } from './upstream.ts';

type WellFormed = Extract<ParsedBody, { readonly ok: true }>;

/** Why Claude did not, or not wholly, answer. */
interface ClaudeMiss {
  /** A sentence without its full stop. */
  readonly reason: string;
  readonly cause: 'budget' | 'cool-down' | 'no-key' | 'error-answer' | 'connection';
  readonly answer: UpstreamAnswer | null;
  /** Bytes of a stream that the client has already. */
  readonly relayed: Buffer;
  /** When Claude may be asked again, epoch milliseconds, where it said so. */
  readonly retryAtMs: number | null;
}

const maxTokensName = '"max_tokens"';

/**
 * Answers one `POST /v1/messages`: policy, hold, Claude, settlement, and Ollama where Claude cannot. Resolves when the client has its
 * answer, or is gone.
 */
export async function answerMessages(
  exchange: Exchange,
  body: Buffer,
  parsed: WellFormed,
  gateway: GatewayParts,
): Promise<void> {
  await new MessagesExchange(exchange, body, parsed, gateway).run();
}

/** One request, with all the ways it can take; they share its hold, its answer and what is known of its conversation, so they stand together. */
class MessagesExchange {
  private readonly exchange: Exchange;
  private readonly body: Buffer;
  private readonly parsed: WellFormed;
  private readonly gateway: GatewayParts;
  private readonly startedAtMs: number;
  private controller: AbortController | null = null;
  private hold: Hold | null = null;
  /** What Claude said when it was asked to count; null where it was not. */
  private count: InputCount | null = null;
  private from: AgentName | null = null;
  private cause: RequestCause = 'rule';
  private readonly calls: ModelCall[] = [];
  private knownConversation: string | null = null;
  /** Whether the client has a part of a message of Ollama's, and not only pings. */
  private hasOllamaBegun = false;

  constructor(exchange: Exchange, body: Buffer, parsed: WellFormed, gateway: GatewayParts) {
    this.exchange = exchange;
    this.body = body;
    this.parsed = parsed;
    this.gateway = gateway;
    this.startedAtMs = gateway.nowMs();
  }

  /** Aborts when the client goes away. Made only where something waits for it, because it costs more than the rest of a request. */
  private get gone(): AbortSignal {
    if (this.controller !== null) return this.controller.signal;
    const controller = new AbortController();
    const { response } = this.exchange;
    const abort = () => {
      if (!response.writableFinished) controller.abort(new Error('the client has gone'));
    };
    if (response.destroyed) abort();
    else response.once('close', abort);
    this.controller = controller;
    return controller.signal;
  }

  async run(): Promise<void> {
    const chosen = this.choose();
    if (chosen.agent === 'claude-specialist') {
      const miss = await this.askClaude(chosen.reason);
      if (miss === null) return;
      this.from = 'claude-specialist';
      this.cause = miss.cause;
      await this.passToOllama(miss);
      return;
    }
    const failure = await this.askOllama(chosen.reason, null, false);
    if (failure === null) return;
    this.from = 'ollama-specialist';
    this.cause = 'ollama';
    if (this.hasOllamaBegun) {
      // Claude's answer would be a second message in the same stream.
      this.breakOff(failure);
      return;
    }
    const miss = await this.askClaude(`Ollama cannot: ${failure}`);
    if (miss !== null) this.refuse(miss, failure, null);
  }

  /** Only asked for where something depends on it: most requests are Claude's, of which nothing is kept. */
  private get conversation(): string {
    this.knownConversation ??= conversationId(this.exchange.request.headers, this.parsed.request);
    return this.knownConversation;
  }

  private choose(): { readonly agent: AgentName; readonly reason: string } {
    const { conversations, policy } = this.gateway;
    const { request } = this.parsed;
    if (conversations.size > 0 && conversations.isOnOllama(this.conversation) && isWithinToolUse(request)) {
      return { agent: 'ollama-specialist', reason: 'Ollama is in the middle of its tool calls' };
    }
    return policy(request);
  }

  /** Null where the request has ended: answered, refused by Claude for good, or its client gone. */
  private async askClaude(reason: string): Promise<ClaudeMiss | null> {
    const { gateway, exchange } = this;
    const { credentials, credential } = exchange.client;
    if (credentials === '') return missed('no-key', 'No key for Claude came with the request');
    const untilMs = gateway.coolDowns.until(credentials);
    if (untilMs !== null) {
      const until = new Date(untilMs).toISOString();
      return {
        ...missed('cool-down', `Claude asked not to be called before ${until}`),
        retryAtMs: untilMs,
      };
    }
    const kept = gateway.limits?.reserveReached(credentials) ?? null;
    if (kept !== null) return { ...missed('cool-down', kept.reason), retryAtMs: kept.resetAtMs };
    const headers = headersForUpstream(exchange.request, credential);
    const { request, bound, isStream } = this.parsed;
    const sendable = asClaudeTakesIt(this.body, request);
    const held = await gateway.holds
      .take({
        taskId: this.taskId(),
        scope: this.scope(),
        request,
        boundTokens: bound.bounded ? bound.tokens : null,
        countInput: async () => {
          const countable = sendable === this.body ? request : asRequest(sendable);
          this.count = await countInput(countable, headers, gateway.upstream, this.gone);
          return this.count.kind === 'counted' ? this.count.tokens : null;
        },
        signal: () => this.gone,
      })
      .catch((error: unknown) => {
        if (this.isGone()) return null;
        throw error;
      });
    if (held === null) return null;
    if (!held.granted) return this.missOfHold(held.reason, bound.bounded ? null : this.count);

    const { hold } = held;
    this.hold = hold;
    if (this.isGone()) {
      await gateway.holds.settle(hold, { kind: 'not-charged', reason: 'it was never sent' });
      return null;
    }
    const isLowered = hold.maxTokens < request.max_tokens;
    // Of a name that stands there twice, servers may read either.
    const isSet = isLowered || sendable.indexOf(maxTokensName) !== sendable.lastIndexOf(maxTokensName);
    const sentAtMs = gateway.nowMs();
    const outcome = await relayClaude(
      {
        method: 'POST',
        path: exchange.request.url ?? exchange.path,
        headers,
        body: isSet ? withMaxTokens(sendable, hold.maxTokens) : sendable,
        isStream,
      },
      exchange.response,
      {
        ...this.ownHeaders('claude-specialist', reason, hold.remainingTokens),
        ...(isLowered && { 'x-teelamma-max-tokens': String(hold.maxTokens) }),
      },
      gateway.upstream,
      (answered) => this.noteLimits(credentials, answered),
    );
    this.noteClaudeCall(hold, sentAtMs, outcome);
    await this.settle(hold, outcome);
    return this.missOf(outcome, reason, isLowered ? hold.maxTokens : null);
  }

  private noteLimits(credentials: string, headers: IncomingHttpHeaders): void {
    const { limits } = this.gateway;
    if (limits === null || !hasLimitHeaders(headers)) return;
    limits.note(
      credentials,
      Object.entries(headers).map(([name, value]) => [name, String(value)] as const),
    );
  }

  private isGone(): boolean {
    return this.exchange.response.destroyed;
  }

  private async settle(hold: Hold, outcome: RelayOutcome): Promise<void> {
    const { holds, nowMs } = this.gateway;
    const latencyMs = Math.max(0, nowMs() - this.startedAtMs);
    await holds.settle(hold, turnOutcome(outcome, latencyMs));
  }

  private missOf(outcome: RelayOutcome, reason: string, maxTokens: number | null): ClaudeMiss | null {
    const { gateway } = this;
    switch (outcome.kind) {
      case 'answered':
        if (gateway.conversations.size > 0) gateway.conversations.toClaude(this.conversation);
        this.decided('claude-specialist', reason, outcome.usage ?? null, maxTokens);
        return null;
      case 'client-gone':
        this.decided(
          'claude-specialist',
          `${reason}; the client went away`,
          outcome.usage ?? null,
          maxTokens,
        );
        return null;
      case 'broken':
        return { ...missed('connection', outcome.reason), relayed: outcome.relayed };
      case 'error-answer': {
        const { answer } = outcome;
        const said = `Claude answered ${answer.status}${errorTypeOf(answer)}`;
        return this.missOfError(answer, said, mayPassOn(answer));
      }
    }
  }

  /** Where nothing but a count could bound the request (`count` is null otherwise), what is in the way is why there is none. */
  private missOfHold(reason: string, count: InputCount | null): ClaudeMiss | null {
    switch (count?.kind) {
      case 'failed':
        return missed('connection', count.reason);
      case 'refused': {
        const { answer } = count;
        const said = `Claude answered ${answer.status}${errorTypeOf(answer)} when it was asked to count this request`;
        // A key that Claude refuses is the client's own mistake; of what it only would not count, Ollama may know more.
        return this.missOfError(answer, said, answer.status !== 401 && answer.status !== 403);
      }
      default:
        return missed('budget', reason);
    }
  }

  private missOfError(answer: UpstreamAnswer, said: string, isPassedOn: boolean): ClaudeMiss | null {
    const { gateway, exchange } = this;
    if (!isPassedOn) {
      this.relayError(answer, said);
      return null;
    }
    const waitMs = retryAfterMs(headersOf(answer), gateway.nowMs());
    if (waitMs !== undefined) gateway.coolDowns.open(exchange.client.credentials, waitMs);
    const retryAtMs = waitMs === undefined ? null : gateway.nowMs() + waitMs;
    return { ...missed('error-answer', said), answer, retryAtMs };
  }

  private async passToOllama(miss: ClaudeMiss): Promise<void> {
    const hasBegun = this.exchange.response.headersSent;
    if (!hasBegun) {
      const failure = await this.askOllama(miss.reason, null, true);
      if (failure !== null) this.refuse(miss, failure, null);
      return;
    }
    const relayed = readRelayed(miss.relayed);
    const hasContent = relayed !== null && relayed.nextIndex > 0;
    if (relayed === null || (hasContent && !this.gateway.behaviour.continueAnswers)) {
      this.breakOff(miss.reason);
      return;
    }
    if (relayed.openServerCalls > 0 && !relayed.hasStopReason) {
      this.breakOff(miss.reason);
      return;
    }
    if (relayed.hasStopReason || relayed.toolCalls > 0) {
      this.endResumed(relayed, miss);
      return;
    }
    const failure = await this.askOllama(miss.reason, relayed, true);
    if (failure !== null) this.refuse(miss, failure, relayed);
  }

  /** Claude's answer has all that it needs: a whole tool call, which the client can carry out. A call that is not whole cannot be mended. */
  private endResumed(relayed: RelayedAnswer, miss: ClaudeMiss): void {
    const { openBlock } = relayed;
    if (openBlock?.type === 'tool_use' && !isJsonObject(openBlock.content)) {
      this.breakOff(miss.reason);
      return;
    }
    const answer = this.answerStream(miss.reason, relayed);
    answer.endResumed('tool_use');
    this.decided(
      'claude-specialist',
      `${miss.reason}; its answer was ended where it stood`,
      relayed.usage,
      null,
    );
  }

  /** Nobody goes on; the client is told, and may ask again. */
  private breakOff(reason: string): void {
    const answer = this.answerStream(reason, null);
    answer.fail({ status: 529, type: 'overloaded_error', message: `${reason}. Ask again.` });
    this.decided('none', reason, null, null);
  }

  /** Null where the client has its answer or is gone; else why there is none, and the response is still open. */
  private async askOllama(
    reason: string,
    resumed: RelayedAnswer | null,
    isSwitch: boolean,
  ): Promise<string | null> {
    const { gateway, parsed } = this;
    const answer = this.answerStream(reason, resumed);
    if (isSwitch && this.wantsNotice(resumed)) {
      answer.note('switch', `[ClaudeTeelamma: ${reason}. ${gateway.ollama.model} on Ollama goes on.]`);
    }
    const sentAtMs = gateway.nowMs();
    try {
      const outcome = await answerWithOllama(parsed.request, resumed, answer, gateway.ollama, this.gone);
      this.noteOllamaCall(sentAtMs, outcome);
      if (outcome.kind === 'failed') return outcome.reason;
      if (outcome.kind === 'client-gone') {
        this.decided('ollama-specialist', `${reason}; the client went away`, null, null);
        return null;
      }
      gateway.conversations.toOllama(this.conversation);
      const usage = fromApiUsage(outcome.message.usage);
      const detail = outcome.shortened === null ? reason : `${reason}; ${outcome.shortened}`;
      this.decided('ollama-specialist', detail, usage, null);
      await this.recordOllama(usage);
      return null;
    } finally {
      this.hasOllamaBegun = answer.hasMessage;
      answer.stop();
    }
  }

  /** The user is told once, and not in answers that a program reads. */
  private wantsNotice(resumed: RelayedAnswer | null): boolean {
    const { gateway, parsed } = this;
    if (!gateway.behaviour.notices || wantsJson(parsed.request)) return false;
    if (resumed !== null) return true;
    const hasTools = Array.isArray(parsed.request.tools) && parsed.request.tools.length > 0;
    return hasTools && !gateway.conversations.isOnOllama(this.conversation);
  }

  private async recordOllama(usage: TokenUsage): Promise<void> {
    const { ledger, ollama, log, newId, nowMs } = this.gateway;
    const latencyMs = Math.max(0, nowMs() - this.startedAtMs);
    const { agent, model } = ollama;
    try {
      await ledger.recordTurn({
        turnId: newId(),
        taskId: this.taskId(),
        kind: 'gateway',
        agent,
        model,
        usage,
        latencyMs,
      });
    } catch (error) {
      // The client has its answer; only the history misses it.
      const output = { failed: String(error) };
      log.record({ agent: 'ledger', action: 'record', level: 'error', input: {}, output });
    }
  }

  /** Neither can answer. Claude's own error stays what it is; a budget's end is told so that a client stops and shows it. */
  private refuse(miss: ClaudeMiss, ollamaReason: string, resumed: RelayedAnswer | null): void {
    const { gateway, exchange } = this;
    const reason = `${miss.reason}; Ollama cannot either: ${ollamaReason}`;
    const isOpen = !exchange.response.headersSent;
    if (miss.answer !== null) {
      this.relayError(miss.answer, reason);
      return;
    }
    const error = refusal(
      {
        reason: miss.reason,
        ollamaReason,
        retryAtMs: miss.retryAtMs,
        cause: miss.cause,
      },
      gateway.ledger.snapshot(this.scope()),
      gateway.nowMs(),
    );
    const headers = {
      ...this.ownHeaders('none', reason, gateway.holds.remainingTokens(this.scope())),
      ...error.headers,
    };
    if (isOpen) sendApiError(exchange.response, { ...error, headers });
    else this.answerStream(reason, resumed).fail(error);
    this.decided('none', reason, null, null);
  }

  private relayError(answer: UpstreamAnswer, reason: string): void {
    const { response } = this.exchange;
    if (this.cause === 'rule') this.cause = 'error-answer';
    if (response.headersSent) {
      // The client was kept waiting with pings, so the error is an event of its stream.
      this.answerStream(reason, null).fail(errorOf(answer));
    } else if (!response.destroyed) {
      response.writeHead(answer.status, {
        ...headersForClient(answer.headers),
        'content-length': String(answer.body.length),
        ...this.ownHeaders('claude-specialist', reason, this.gateway.holds.remainingTokens(this.scope())),
      });
      response.end(answer.body);
    }
    this.decided('none', reason, null, null);
  }

  private answerStream(reason: string, resumed: RelayedAnswer | null): AnswerStream {
    const { gateway, exchange, parsed } = this;
    return new AnswerStream(exchange.response, {
      isStream: parsed.isStream,
      resumed,
      headers: this.ownHeaders('ollama-specialist', reason, gateway.holds.remainingTokens(this.scope())),
      pingMs: gateway.behaviour.pingMs,
    });
  }

  private ownHeaders(
    agent: AgentName | 'none',
    reason: string,
    remainingTokens: number,
  ): Record<string, string> {
    return {
      [gatewayHeader]: version,
      'x-teelamma-agent': agent,
      'x-teelamma-reason': asHeader(reason),
      'x-teelamma-remaining': String(remainingTokens),
    };
  }

  /** A key stands for its user and project; of a client without one only the model is known. */
  private scope(): Scope {
    const { key } = this.exchange.client;
    const { model } = this.parsed.request;
    if (key === null) return { model };
    return { model, user: key.user ?? key.name, ...(key.project !== null && { project: key.project }) };
  }

  private taskId(): string {
    const session = textOf(this.exchange.request.headers['x-claude-code-session-id']);
    return /^[\w-]{8,64}$/.test(session) ? session : this.gateway.newId();
  }

  private decided(
    agent: AgentName | 'none',
    reason: string,
    usage: TokenUsage | null,
    maxTokens: number | null,
  ): void {
    const { gateway, hold, exchange, parsed } = this;
    const nowMs = gateway.nowMs();
    const decision: GatewayDecision = {
      atMs: nowMs,
      model: parsed.request.model,
      agent,
      reason,
      from: this.from,
      heldTokens: hold?.heldTokens ?? 0,
      maxTokens,
      inputTokens: usage === null ? null : chargedTokens(usage) - usage.outputTokens,
      outputTokens: usage?.outputTokens ?? null,
      remainingTokens: gateway.holds.remainingTokens(this.scope()),
      durationMs: Math.max(0, nowMs - this.startedAtMs),
      key: exchange.client.key?.name ?? null,
    };
    gateway.onDecision(decision);
    if (gateway.observe === null) return;
    const { request, response } = exchange;
    gateway.observe({
      type: 'request',
      startedAtMs: this.startedAtMs,
      endedAtMs: nowMs,
      model: parsed.request.model,
      agent,
      cause: this.cause,
      status: response.headersSent ? response.statusCode : null,
      traceparent: textOf(request.headers['traceparent']) || null,
      from: this.from,
      calls: this.calls,
    });
  }

  private noteClaudeCall(hold: Hold, sentAtMs: number, outcome: RelayOutcome): void {
    if (this.gateway.observe === null) return;
    this.calls.push(claudeCall(this.parsed.request.model, hold, outcome, sentAtMs, this.gateway.nowMs()));
  }

  private noteOllamaCall(sentAtMs: number, outcome: OllamaOutcome): void {
    const { observe, ollama, nowMs } = this.gateway;
    if (observe === null) return;
    const { max_tokens: maxTokens } = this.parsed.request;
    this.calls.push(ollamaCall(ollama.model, maxTokens, outcome, sentAtMs, nowMs()));
  }
}

function missed(cause: ClaudeMiss['cause'], reason: string): ClaudeMiss {
  return { cause, reason, answer: null, relayed: Buffer.alloc(0), retryAtMs: null };
}

/** For bytes that were made from a request. */
function asRequest(body: Buffer): MessagesRequest {
  return JSON.parse(body.toString('utf8')) as MessagesRequest;
}

/** Whether a program reads the answer (structured output). */
function wantsJson(request: object): boolean {
  const fields: Readonly<Record<string, unknown>> = { ...request };
  const config = isRecord(fields['output_config']) ? fields['output_config'] : {};
  return config['format'] !== undefined || fields['output_format'] !== undefined;
}

function headersOf({ headers }: UpstreamAnswer): Headers {
  const read = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && /^(retry-after|anthropic-ratelimit)/.test(name)) read.set(name, value);
  }
  return read;
}

function isJsonObject(json: string): boolean {
  try {
    return isRecord(JSON.parse(json === '' ? '{}' : json));
  } catch {
    return false;
  }
}

/** A header holds no line breaks and nothing beyond ASCII. */
function asHeader(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 300);
}
