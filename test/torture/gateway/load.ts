import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { chargedTokens } from '../../../src/messages/token-usage.ts';
import type { Fault } from '../../../src/simulators/fault.ts';
import { startTestGateway } from '../../support/start-gateway.ts';
import { random } from './mutate.ts';

export interface LoadOptions {
  readonly streams: number;
  readonly requests: number;
  /** Part of the calls to Claude that fail in some way. */
  readonly faults: number;
  /** Tokens of the budget. */
  readonly limit: number;
  readonly seed: number;
}

export interface LoadReport {
  readonly requests: number;
  readonly whole: number;
  readonly claude: number;
  readonly ollama: number;
  readonly none: number;
  readonly limitTokens: number;
  readonly mostUsedTokens: number;
  readonly billedTokens: number;
  readonly chargedTokens: number;
  /** Heap after a collection, in MB, at each tenth of the run. */
  readonly heapMegabytes: readonly number[];
  readonly rssMegabytes: readonly number[];
}

const kinds: readonly Fault[] = [
  { kind: 'overloaded' },
  { kind: 'rate-limited' },
  { kind: 'server-error' },
  { kind: 'bad-gateway' },
  { kind: 'disconnect' },
  { kind: 'disconnect', afterEvents: 5 },
  { kind: 'end-early', afterEvents: 4 },
  { kind: 'malformed', afterEvents: 3 },
  { kind: 'error-event', afterEvents: 6 },
  { kind: 'empty-body' },
];

/**
 * Keeps so many streams open at a time until all requests are made, with faults of the upstream and clients that leave. Checks that the cap
 * holds at every moment that it looks, and that afterwards nothing is held and the ledger has at least what Claude billed.
 */
export async function loadGateway(options: LoadOptions): Promise<LoadReport> {
  const rng = random(options.seed);
  await using gateway = await startTestGateway({
    limit: options.limit,
    providers: { claude: { keepRequests: 1 }, ollama: { keepRequests: 1, eventDelayMs: null } },
    gateway: { waitMs: 200 },
  });
  const { app, installation, decisions } = gateway;
  for (let call = 0; call < options.requests; call += 1) {
    if (rng.chance(options.faults)) installation.claude.faults.at(call, rng.pick(kinds));
  }
  const pool = new Pool(gateway.url, { connections: options.streams, pipelining: 1, allowH2: false });
  const heapMegabytes: number[] = [];
  const rssMegabytes: number[] = [];
  const counts = { whole: 0, claude: 0, ollama: 0, none: 0 };
  let started = 0;
  let mostUsedTokens = 0;
  let isRunning = true;

  const look = async () => {
    while (isRunning) {
      const [budget] = await app.ledger.status();
      const used = (budget?.settledTokens ?? 0) + (budget?.heldTokens ?? 0);
      mostUsedTokens = Math.max(mostUsedTokens, used);
      assert.ok(used <= options.limit, `${used} tokens are used of ${options.limit}`);
      for (const { agent } of decisions.splice(0)) {
        counts[agent === 'none' ? 'none' : agent === 'claude-specialist' ? 'claude' : 'ollama'] += 1;
      }
      if (started >= (options.requests * heapMegabytes.length) / 10) {
        globalThis.gc?.();
        const { heapUsed, rss } = process.memoryUsage();
        heapMegabytes.push(Math.round(heapUsed / 1024 / 1024));
        rssMegabytes.push(Math.round(rss / 1024 / 1024));
      }
      await delay(20);
    }
  };
  const worker = async () => {
    while (started < options.requests) {
      const number = started;
      started += 1;
      const leaves = rng.chance(0.02);
      if (await ask(pool, number, leaves)) counts.whole += 1;
    }
  };
  const looking = look();
  await Promise.all(Array.from({ length: options.streams }, worker));
  await gateway.settled();
  isRunning = false;
  await looking;
  await pool.destroy();

  const [budget] = await app.ledger.status();
  const billedTokens = chargedTokens(installation.claude.usageTotals);
  const charged = budget?.settledTokens ?? 0;
  assert.equal(budget?.heldTokens, 0, 'no hold is left open');
  assert.ok(charged <= options.limit, 'the cap holds');
  assert.ok(charged >= billedTokens, `the ledger has ${charged} tokens, Claude billed ${billedTokens}`);
  return {
    requests: options.requests,
    ...counts,
    limitTokens: options.limit,
    mostUsedTokens,
    billedTokens,
    chargedTokens: charged,
    heapMegabytes,
    rssMegabytes,
  };
}

/** True where a whole stream came. */
async function ask(pool: Pool, number: number, leaves: boolean): Promise<boolean> {
  const body = JSON.stringify({
    model: 'claude-sonnet-5-5',
    max_tokens: 1_000,
    stream: true,
    messages: [{ role: 'user', content: `Request ${number}. ${'Some words to read. '.repeat(20)}` }],
  });
  const headers = {
    'content-type': 'application/json',
    'anthropic-version': '2023-06-01',
    'x-api-key': `sk-test-${number % 50}`,
  };
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(60_000)]);
  try {
    const answer = await pool.request({ path: '/v1/messages', method: 'POST', headers, body, signal });
    let text = '';
    for await (const chunk of answer.body) {
      text += String(chunk);
      if (leaves) gone.abort();
    }
    return text.endsWith('data: {"type":"message_stop"}\n\n');
  } catch (error) {
    if (gone.signal.aborted) return false;
    throw error;
  }
}
