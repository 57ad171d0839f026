import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type App, type BudgetStatus, TeelammaError, type TurnRequest } from '../../src/index.ts';
import type { Fault } from '../../src/simulators/fault.ts';
import { type Installation, startInstallation } from '../support/installation.ts';

describe('a turn', () => {
  let installation: Installation;
  let app: App;

  beforeEach(async () => {
    installation = await startInstallation();
    app = await installation.open();
  });

  afterEach(() => installation[Symbol.asyncDispose]());

  const turn = (more: Partial<TurnRequest> = {}): TurnRequest => ({
    taskId: 'task-1',
    kind: 'complex',
    request: {
      model: '',
      max_tokens: 4_000,
      messages: [{ role: 'user', content: 'Explain WAL in a sentence' }],
    },
    agent: 'claude-specialist',
    reservationId: null,
    forced: false,
    mayHandOver: true,
    ...more,
  });
  const run = (more: Partial<TurnRequest> = {}, signal = new AbortController().signal) =>
    app.turn.run(turn(more), { signal });
  const budget = async (): Promise<BudgetStatus> => {
    const [status] = await app.ledger.status();
    if (!status) throw new Error('no budget');
    return status;
  };

  it('charges what Claude reported, and holds nothing afterwards', async () => {
    const result = await run();
    expect(result).toMatchObject({ agent: 'claude-specialist', handover: null });
    expect(result.chargedTokens).toBe(installation.claude.chargedTokens);
    expect(result.chargedTokens).toBeGreaterThan(0);
    expect(await budget()).toMatchObject({ settledTokens: result.chargedTokens, heldTokens: 0 });
  });

  it('counts cache tokens, and the last usage of the stream', async () => {
    installation.claude.script.push({
      text: 'Hello',
      usage: { inputTokens: 11, cacheCreationInputTokens: 200, cacheReadInputTokens: 300, outputTokens: 7 },
    });
    expect(await run()).toMatchObject({
      chargedTokens: 518,
      usage: { inputTokens: 11, cacheCreationInputTokens: 200, cacheReadInputTokens: 300, outputTokens: 7 },
    });
  });

  it('holds the tokens before the request is sent, and sends the max_tokens that is held', async () => {
    let heldAtStart = 0;
    let held = 0;
    await app.turn.run(turn(), {
      signal: new AbortController().signal,
      onStart: ({ heldTokens }) => {
        held = heldTokens;
        heldAtStart = app.ledger.snapshot()[0]?.heldTokens ?? 0;
        expect(installation.claude.requests).toHaveLength(0);
      },
    });
    expect(heldAtStart).toBe(held);
    const sent = installation.claude.requests[0]?.body as { max_tokens: number };
    expect(sent.max_tokens).toBeLessThanOrEqual(4_000);
    expect(held).toBeGreaterThan(sent.max_tokens);
    expect(held - sent.max_tokens).toBeGreaterThanOrEqual(installation.claude.usageTotals.inputTokens);
  });

  it('lowers max_tokens to what the budget has left', async () => {
    await app.budget.increment(8_500);
    const result = await run();
    expect(result.agent).toBe('claude-specialist');
    const sent = installation.claude.requests[0]?.body as { max_tokens: number };
    expect(sent.max_tokens).toBeLessThan(1_500);
    expect((await budget()).settledTokens).toBe(8_500 + result.chargedTokens);
  });

  it('asks Claude to count where the bound by bytes does not fit but the exact count might', async () => {
    await app.budget.increment(7_000);
    const content = 'Explain this. '.repeat(190);
    const result = await run({
      request: { model: '', max_tokens: 1_000, messages: [{ role: 'user', content }] },
    });
    expect(result.agent).toBe('claude-specialist');
    expect(installation.claude.requests.map((request) => request.path)).toEqual([
      '/v1/messages/count_tokens',
      '/v1/messages',
    ]);
    expect(await budget()).toMatchObject({ heldTokens: 0, overdraftTokens: 0 });
  });

  it('goes to Ollama below a useful minimum, with the figures', async () => {
    await app.budget.increment(9_700);
    const result = await run();
    expect(result).toMatchObject({ agent: 'ollama-specialist', chargedTokens: 0 });
    expect(result.handover?.reason).toMatch(
      /^Token budget too low \(300 left, at least [\d,]+ needed for this turn\)/,
    );
    expect(installation.claude.requests.filter((request) => request.path === '/v1/messages')).toHaveLength(0);
  });

  it('goes to Ollama when the budget is exhausted', async () => {
    await app.budget.increment(10_000);
    expect((await run()).handover).toEqual({
      from: 'claude-specialist',
      to: 'ollama-specialist',
      reason: 'Token budget exhausted - automatic downgrade to Ollama',
      chargedTokens: 0,
      lacksBudget: true,
    });
  });

  const free: Array<[string, Fault]> = [
    ['429', { kind: 'rate-limited' }],
    ['529', { kind: 'overloaded' }],
    ['500', { kind: 'server-error' }],
    ['401', { kind: 'status', status: 401 }],
    ['404', { kind: 'model-missing' }],
  ];
  it.each(free)('goes on with Ollama after a %s, which costs nothing', async (_status, fault) => {
    installation.claude.faults.next(fault);
    const result = await run();
    expect(result).toMatchObject({ agent: 'ollama-specialist', chargedTokens: 0 });
    expect(result.handover?.reason.length).toBeGreaterThan(20);
    expect(await budget()).toMatchObject({ settledTokens: 0, heldTokens: 0 });
    expect(installation.claude.requests).toHaveLength(1);
  });

  const unknown: Array<[string, Fault]> = [
    ['a connection that ends before the answer', { kind: 'disconnect' }],
    ['a connection that ends within the answer', { kind: 'disconnect', afterEvents: 4 }],
    ['a stream that ends too early', { kind: 'end-early', afterEvents: 4 }],
    ['an error within the stream', { kind: 'error-event', afterEvents: 4 }],
    ['a malformed event', { kind: 'malformed', afterEvents: 3 }],
    ["a proxy's 502", { kind: 'bad-gateway' }],
    ['an empty body', { kind: 'empty-body' }],
  ];
  it.each(unknown)('goes on with Ollama after %s, and keeps the hold charged', async (_what, fault) => {
    installation.claude.faults.next(fault);
    let held = 0;
    const result = await app.turn.run(turn(), {
      signal: new AbortController().signal,
      onStart: ({ agent, heldTokens }) => {
        if (agent === 'claude-specialist') held = heldTokens;
      },
    });
    expect(result).toMatchObject({ agent: 'ollama-specialist', handover: { chargedTokens: held } });
    expect(await budget()).toMatchObject({ settledTokens: held, heldTokens: 0 });
    expect(held).toBeGreaterThanOrEqual(installation.claude.chargedTokens);
  });

  it('goes on with Ollama when Claude stays silent, and keeps the hold charged', async () => {
    await installation.claude.close();
    const slow = await startInstallation({ claude: {} });
    try {
      const { writeConfigFile } = await import('../../src/config/config-file.ts');
      writeConfigFile(`${slow.home}/config.json`, { 'claude.stallTimeout': '1s' });
      slow.claude.faults.next({ kind: 'stall', afterEvents: 2 });
      const patient = await slow.open();
      const result = await patient.turn.run(turn(), { signal: new AbortController().signal });
      expect(result.agent).toBe('ollama-specialist');
      expect(patient.ledger.snapshot()[0]?.settledTokens).toBeGreaterThan(0);
    } finally {
      await slow[Symbol.asyncDispose]();
    }
  });

  it('goes on with Ollama when Claude cannot be reached, which costs nothing', async () => {
    await installation.claude.close();
    expect((await run()).agent).toBe('ollama-specialist');
    expect(await budget()).toMatchObject({ settledTokens: 0, heldTokens: 0 });
  });

  it('goes on with Ollama without a key, and says which variable is missing', async () => {
    const keyless = await installation.open({ ANTHROPIC_API_KEY: '' });
    const result = await keyless.turn.run(turn(), { signal: new AbortController().signal });
    expect(result.agent).toBe('ollama-specialist');
    expect(result.handover?.reason).toContain('ANTHROPIC_API_KEY');
    expect(installation.claude.requests).toHaveLength(0);
  });

  it('does not try Claude again before its retry-after has passed, in any process', async () => {
    installation.claude.faults.next({ kind: 'rate-limited', retryAfterSeconds: 60 });
    await run();
    const other = await installation.open();
    const result = await other.turn.run(turn(), { signal: new AbortController().signal });
    expect(result.handover?.reason).toMatch(/^not tried before 2\d{3}-/);
    expect(installation.claude.requests).toHaveLength(1);
  });

  it('lets Claude do what Ollama cannot, within the budget', async () => {
    await installation.ollama.close();
    const result = await run({ agent: 'ollama-specialist', kind: 'simple' });
    expect(result).toMatchObject({ agent: 'claude-specialist', handover: { from: 'ollama-specialist' } });
    expect((await budget()).settledTokens).toBe(installation.claude.chargedTokens);
  });

  it('never lets Claude do what was forced onto Ollama', async () => {
    await installation.ollama.close();
    const failure = run({ agent: 'ollama-specialist', mayHandOver: false });
    await expect(failure).rejects.toMatchObject({ code: 'no-specialist-available' });
    expect(installation.claude.requests).toHaveLength(0);
  });

  it('says what was tried, and what to do, when nobody can', async () => {
    await installation.ollama.close();
    installation.claude.faults.next({ kind: 'overloaded' });
    const error = await run().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TeelammaError);
    const { message } = error as TeelammaError;
    expect(message).toMatch(
      /^Nobody could do this\. Tried claude-specialist: .+; ollama-specialist: .+ollama serve.+`teelamma doctor`/s,
    );
  });

  it('makes a forced turn pass the limit, and records what passes as overdraft', async () => {
    await app.budget.increment(10_000);
    const result = await run({ forced: true });
    expect(result.agent).toBe('claude-specialist');
    expect(await budget()).toMatchObject({
      settledTokens: 10_000 + result.chargedTokens,
      overdraftTokens: result.chargedTokens,
    });
  });

  it('records and reports usage above the hold, and drops nothing of it', async () => {
    const warnings: string[] = [];
    installation.claude.script.push({ text: 'Hello', usage: { inputTokens: 9_999, outputTokens: 1 } });
    const result = await app.turn.run(turn({ request: { ...turn().request, max_tokens: 600 } }), {
      signal: new AbortController().signal,
      onWarning: (message) => warnings.push(message),
    });
    expect(result.chargedTokens).toBe(10_000);
    expect((await budget()).settledTokens).toBe(10_000);
    expect(warnings).toEqual([expect.stringMatching(/tokens more than were held/)]);
  });

  it('waits a moment for holds of other requests, and goes on when they settle', async () => {
    const other = await app.ledger.reserve({ taskId: 'other', kind: 'complex', atLeastTokens: 9_900 });
    if (!other.granted) throw new Error('refused');
    const waits: string[] = [];
    const waiting = app.turn.run(turn(), {
      signal: new AbortController().signal,
      onWait: (reason) => {
        waits.push(reason);
        void app.ledger.close(other.reservation.id);
      },
    });
    expect((await waiting).agent).toBe('claude-specialist');
    expect(waits).toHaveLength(1);
  });

  describe('that is aborted', () => {
    it('before it begins sends nothing and costs nothing', async () => {
      const stop = AbortSignal.abort(new Error('not wanted'));
      await expect(run({}, stop)).rejects.toMatchObject({
        code: 'aborted',
        message: expect.stringContaining('not wanted'),
      });
      expect(installation.claude.requests).toHaveLength(0);
      expect(await budget()).toMatchObject({ settledTokens: 0, heldTokens: 0 });
    });

    it('while it waits for other holds ends at once', async () => {
      await app.ledger.reserve({ taskId: 'other', kind: 'complex', atLeastTokens: 9_900 });
      const stop = new AbortController();
      const failure = app.turn.run(turn(), { signal: stop.signal, onWait: () => stop.abort() });
      await expect(failure).rejects.toMatchObject({ code: 'aborted' });
      expect(installation.claude.requests).toHaveLength(0);
      expect((await budget()).heldTokens).toBe(9_900);
    });

    it('within the answer stays charged at its hold, and ends the request upstream', async () => {
      installation.claude.faults.next({ kind: 'stall', afterEvents: 4 });
      const stop = new AbortController();
      let held = 0;
      const failure = app.turn.run(turn(), {
        signal: stop.signal,
        onStart: ({ heldTokens }) => {
          held = heldTokens;
        },
        onEvent: (_agent, event) => {
          if (event.type === 'content_block_delta') stop.abort(new Error('enough'));
        },
      });
      await expect(failure).rejects.toMatchObject({ code: 'aborted' });
      expect(await budget()).toMatchObject({ settledTokens: held, heldTokens: 0 });
      await expect.poll(() => installation.claude.requests[0]?.outcome).toBe('client-disconnected');
      expect(installation.ollama.requests.filter((request) => request.path === '/api/chat')).toHaveLength(0);
    });
  });
});
