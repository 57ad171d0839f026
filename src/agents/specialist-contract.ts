import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkMessageStream } from '../messages/check-message-stream.ts';
import { isRecord } from '../messages/open-record.ts';
import { fromApiUsage } from '../messages/token-usage.ts';
import type { MessagesRequest, RawMessageStreamEvent } from '../messages/types.ts';
import type { Fault } from '../simulators/fault.ts';
import type { FaultControls } from '../simulators/fault-plan.ts';
import type { RecordedRequest } from '../simulators/recorded-request.ts';
import type { ScriptedAnswer } from '../simulators/scripted-answer.ts';
import { type AgentName, type Specialist, SpecialistError } from './Specialist.ts';

/** The provider's simulator, as far as the contract needs it. */
export interface ContractProvider extends AsyncDisposable {
  readonly url: string;
  readonly script: ScriptedAnswer[];
  readonly faults: FaultControls;
  readonly requests: readonly RecordedRequest[];
}

export interface SpecialistContract {
  readonly agent: AgentName;
  readonly startProvider: () => Promise<ContractProvider>;
  readonly makeSpecialist: (options: {
    readonly url: string;
    readonly timeoutMs: number;
    readonly stallTimeoutMs: number;
  }) => Specialist;
  /** All text of a request as the provider got it. */
  readonly sentText: (body: unknown) => string;
}

/** What every Specialist does, whatever is behind it. Run by `<Name>.contract.test.ts`. */
export function specialistContract(contract: SpecialistContract): void {
  describe(`${contract.agent} as a Specialist`, () => {
    let provider: ContractProvider;
    beforeEach(async () => {
      provider = await contract.startProvider();
    });
    afterEach(async () => {
      await provider[Symbol.asyncDispose]();
    });

    const specialist = (options: { url?: string; timeoutMs?: number; stallTimeoutMs?: number } = {}) =>
      contract.makeSpecialist({ url: provider.url, timeoutMs: 20_000, stallTimeoutMs: 20_000, ...options });

    const send = async (request: MessagesRequest, signal = new AbortController().signal) => {
      const events: RawMessageStreamEvent[] = [];
      const message = await specialist().send(request, { signal, onEvent: (event) => events.push(event) });
      return { message, events };
    };

    const failureOf = async (promise: Promise<unknown>): Promise<SpecialistError> => {
      const error = await promise.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(SpecialistError);
      if (!(error instanceof SpecialistError)) throw new Error('it did not fail');
      expect(error.agent).toBe(contract.agent);
      expect(error.message).toMatch(/\.$/);
      return error;
    };

    const failureUnder = async (fault: Fault): Promise<SpecialistError> => {
      provider.faults.always(fault);
      return failureOf(send(hello));
    };

    it('answers with text, under its own agent name and model', async () => {
      provider.script.push({ text: 'Good morning, this is the answer.' });
      const { message } = await send(hello);
      expect(message.content).toMatchObject([{ type: 'text', text: 'Good morning, this is the answer.' }]);
      expect(message.stop_reason).toBe('end_turn');
      expect(message.model).toBe(specialist().model);
      expect(specialist().agent).toBe(contract.agent);
    });

    it('replaces the model of the request by its own', async () => {
      await send({ ...hello, model: 'somebody-elses-model' });
      expect(modelCall(provider).body).toMatchObject({ model: specialist().model });
    });

    it('gives a valid Messages stream that adds up to the answer', async () => {
      provider.script.push({
        text: 'A somewhat longer answer, so that it comes in several pieces: ä, 漢字, 🎈.',
      });
      const { message, events } = await send(hello);
      expect(checkMessageStream(events)).toEqual([]);
      const pieces = events.flatMap((event) =>
        event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? [event.delta.text] : [],
      );
      expect(pieces.length).toBeGreaterThan(1);
      expect(message.content).toMatchObject([{ text: pieces.join('') }]);
    });

    it('answers the same without anybody listening to the events', async () => {
      provider.script.push({ text: 'quiet' });
      const message = await specialist().send(hello, { signal: new AbortController().signal });
      expect(message.content).toMatchObject([{ text: 'quiet' }]);
    });

    it('reports the usage that the provider counted', async () => {
      provider.script.push({ text: 'ok', usage: { inputTokens: 321, outputTokens: 45 } });
      const { message } = await send(hello);
      expect(fromApiUsage(message.usage)).toMatchObject({ inputTokens: 321, outputTokens: 45 });
    });

    it('passes on the system prompt, as text and as blocks, and every turn in order', async () => {
      await send({
        ...hello,
        system: [
          { type: 'text', text: 'first rule', cache_control: { type: 'ephemeral' } },
          { type: 'text', text: 'second rule' },
        ],
        messages: [
          { role: 'user', content: 'turn one' },
          { role: 'assistant', content: [{ type: 'text', text: 'turn two' }] },
          { role: 'user', content: [{ type: 'text', text: 'turn three' }] },
        ],
      });
      await send({ ...hello, system: 'only rule' });
      const [first, second] = provider.requests.filter((request) => request.callIndex !== null);
      expect(contract.sentText(first?.body)).toMatch(
        /first rule.*second rule.*turn one.*turn two.*turn three/s,
      );
      expect(contract.sentText(second?.body)).toContain('only rule');
    });

    it('gives tool calls with ids and inputs that can be replayed to Claude', async () => {
      provider.script.push({
        content: [
          { type: 'text', text: 'I will look.' },
          { type: 'tool_use', name: 'read_file', input: { path: 'a.ts', lines: [1, 2] } },
          { type: 'tool_use', name: 'read_file', input: {} },
        ],
      });
      const { message, events } = await send(withTools);
      expect(checkMessageStream(events)).toEqual([]);
      expect(message.stop_reason).toBe('tool_use');
      expect(message.content).toMatchObject([
        { type: 'text', text: 'I will look.' },
        { type: 'tool_use', name: 'read_file', input: { path: 'a.ts', lines: [1, 2] } },
        { type: 'tool_use', name: 'read_file', input: {} },
      ]);
      const ids = message.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
      expect(new Set(ids).size).toBe(2);
      for (const id of ids) expect(id).toMatch(/^toolu_[a-zA-Z0-9_-]+$/);
    });

    it('takes its own tool call back with a result and goes on', async () => {
      provider.script.push({ content: [{ type: 'tool_use', name: 'read_file', input: { path: 'a.ts' } }] });
      const { message } = await send(withTools);
      const [call] = message.content;
      if (call?.type !== 'tool_use') throw new Error('no tool call came');
      provider.script.push({ text: 'The file says hi.' });
      const next = await send({
        ...withTools,
        messages: [
          ...withTools.messages,
          { role: 'assistant', content: message.content },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: call.id, content: 'hi from the file', is_error: false },
              { type: 'text', text: 'Go on, please.' },
            ],
          },
        ],
      });
      expect(next.message.content).toMatchObject([{ text: 'The file says hi.' }]);
      expect(contract.sentText(modelCall(provider, 1).body)).toMatch(/hi from the file.*Go on, please/s);
    });

    it('stops at max_tokens and says so', async () => {
      provider.script.push({ text: 'word '.repeat(500) });
      const { message, events } = await send({ ...hello, max_tokens: 20 });
      expect(message.stop_reason).toBe('max_tokens');
      expect(message.usage.output_tokens).toBeLessThanOrEqual(20);
      expect(checkMessageStream(events)).toEqual([]);
    });

    it('stops at a stop sequence', async () => {
      provider.script.push({ text: 'before END after' });
      const { message } = await send({ ...hello, stop_sequences: ['END'] });
      expect(message.content).toMatchObject([{ type: 'text', text: 'before ' }]);
      // Ollama does not say which it was.
      expect(['stop_sequence', 'end_turn']).toContain(message.stop_reason);
    });

    it('accepts fields and blocks that it does not know', async () => {
      provider.script.push({ text: 'fine' });
      const request: MessagesRequest & Record<string, unknown> = {
        ...hello,
        metadata: { user_id: '{"device":"x"}' },
        thinking: { type: 'adaptive' },
        output_config: { effort: 'low' },
      };
      const { message } = await send(request);
      expect(message.content).toMatchObject([{ text: 'fine' }]);
    });

    it('does not change the request it was given', async () => {
      const request = structuredClone(withTools);
      await send(request);
      expect(request).toEqual(withTools);
    });

    it('sends nothing when it is aborted before', async () => {
      const error = await failureOf(send(hello, AbortSignal.abort()));
      expect(error).toMatchObject({
        failure: 'aborted',
        reached: 'not-sent',
        code: 'aborted',
        isRetryable: false,
      });
      expect(provider.requests).toEqual([]);
    });

    it('ends the upstream call when it is aborted during the answer', async () => {
      provider.faults.always({ kind: 'stall', afterEvents: 3 });
      const abort = new AbortController();
      const events: RawMessageStreamEvent[] = [];
      const sending = specialist().send(hello, {
        signal: abort.signal,
        onEvent: (event) => {
          events.push(event);
          abort.abort();
        },
      });
      expect(await failureOf(sending)).toMatchObject({ failure: 'aborted', reached: 'started' });
      expect(events.length).toBeGreaterThan(0);
      await expect.poll(() => modelCall(provider).outcome).toBe('client-disconnected');
    });

    it('ends the call when the receiver of the events throws', async () => {
      const receiver = new Error('the receiver is broken');
      const sending = specialist().send(hello, {
        signal: new AbortController().signal,
        onEvent: () => {
          throw receiver;
        },
      });
      expect(await failureOf(sending)).toMatchObject({
        failure: 'aborted',
        reached: 'started',
        cause: receiver,
      });
    });

    it('tells a refused connection from everything that reached the provider', async () => {
      const url = await closedPort();
      const sending = specialist({ url }).send(hello, { signal: new AbortController().signal });
      const error = await failureOf(sending);
      expect(error).toMatchObject({ failure: 'unreachable', reached: 'not-sent', isRetryable: true });
      expect(error.message).toContain(url);
    });

    it('knows a refusal with the error of the provider as not charged', async () => {
      const error = await failureUnder({ kind: 'server-error' });
      expect(error).toMatchObject({ failure: 'server-error', reached: 'refused', status: 500 });
    });

    it('knows an overloaded provider', async () => {
      const error = await failureUnder({ kind: 'overloaded' });
      expect(error).toMatchObject({ failure: 'overloaded', reached: 'refused', isRetryable: true });
    });

    it('knows a missing model', async () => {
      const error = await failureUnder({ kind: 'model-missing' });
      expect(error).toMatchObject({ failure: 'model-missing', reached: 'refused', status: 404 });
      expect(error.message).toContain(specialist().model);
    });

    it('cannot say what a connection that breaks before the answer cost', async () => {
      const error = await failureUnder({ kind: 'disconnect' });
      expect(error).toMatchObject({ failure: 'stream-broken', reached: 'started', usageIsFinal: false });
    });

    for (const fault of [
      { kind: 'disconnect', afterEvents: 3 },
      { kind: 'end-early', afterEvents: 3 },
      { kind: 'malformed', afterEvents: 2 },
    ] as const) {
      it(`fails on an answer that breaks off (${fault.kind}), with the usage so far`, async () => {
        const error = await failureUnder(fault);
        expect(error).toMatchObject({ failure: 'stream-broken', reached: 'started', usageIsFinal: false });
        expect(error.usage?.inputTokens).toBeGreaterThan(0);
      });
    }

    it('fails on an answer without a body', async () => {
      const error = await failureUnder({ kind: 'empty-body' });
      expect(error).toMatchObject({ failure: 'stream-broken', reached: 'started' });
    });

    it('fails on an error inside the stream', async () => {
      const error = await failureUnder({
        kind: 'error-event',
        afterEvents: 2,
        message: 'the model fell over',
      });
      expect(error).toMatchObject({ reached: 'started', isRetryable: true });
      expect(['server-error', 'overloaded', 'stream-broken']).toContain(error.failure);
      expect(error.message).toContain('the model fell over');
    });

    it('gives up on an answer that falls silent', async () => {
      provider.faults.always({ kind: 'stall', afterEvents: 3 });
      const sending = specialist({ stallTimeoutMs: 150 }).send(hello, {
        signal: new AbortController().signal,
      });
      const error = await failureOf(sending);
      expect(error).toMatchObject({ failure: 'timeout', reached: 'started' });
      expect(error.usage?.inputTokens).toBeGreaterThan(0);
      expect(error.message).toContain('150 ms');
    });

    it('gives up on an answer that never begins', async () => {
      provider.faults.always({ kind: 'stall' });
      const sending = specialist({ stallTimeoutMs: 150 }).send(hello, {
        signal: new AbortController().signal,
      });
      expect(await failureOf(sending)).toMatchObject({ failure: 'timeout', reached: 'started' });
    });

    it('gives up on an answer that takes too long though it keeps coming', async () => {
      provider.script.push({ text: 'slowly '.repeat(2_000) });
      provider.faults.always({ kind: 'slow', betweenMs: 20 });
      const sending = specialist({ timeoutMs: 300 }).send(hello, { signal: new AbortController().signal });
      const error = await failureOf(sending);
      expect(error).toMatchObject({ failure: 'timeout', reached: 'started' });
      expect(error.message).toContain('300 ms');
    });

    it('never sends twice by itself', async () => {
      await failureUnder({ kind: 'server-error' });
      expect(provider.requests.filter((request) => request.callIndex !== null)).toHaveLength(1);
    });

    it('serves several requests at once', async () => {
      const words = ['one', 'two', 'three', 'four', 'five'];
      const answers = await Promise.all(
        words.map((word) => send({ ...hello, messages: [{ role: 'user', content: `Say ${word}.` }] })),
      );
      for (const { events } of answers) expect(checkMessageStream(events)).toEqual([]);
      expect(provider.requests.filter((request) => request.callIndex !== null)).toHaveLength(words.length);
    });
  });
}

const hello: MessagesRequest = {
  model: 'any',
  max_tokens: 10_000,
  messages: [{ role: 'user', content: 'Good morning' }],
};

const withTools: MessagesRequest = {
  ...hello,
  tools: [
    {
      name: 'read_file',
      description: 'Reads a file',
      input_schema: { type: 'object', properties: { path: { type: 'string' } } },
    },
  ],
};

function modelCall(provider: ContractProvider, index = 0): RecordedRequest {
  const call = provider.requests.filter((request) => request.callIndex !== null)[index];
  if (call === undefined) throw new Error(`no model call ${index} came`);
  return call;
}

/** A URL where nobody listens. */
async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** Every text in a JSON value, in order; what a provider was sent, without its form. */
export function textsIn(value: unknown): string {
  if (typeof value === 'string') return `${value}\n`;
  if (Array.isArray(value)) return value.map(textsIn).join('');
  return isRecord(value) ? Object.values(value).map(textsIn).join('') : '';
}
