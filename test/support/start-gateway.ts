import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createGateway, type GatewayOptions, type GatewayPorts } from '../../src/gateway/app.ts';
import type { GatewayDecision } from '../../src/gateway/GatewayParts.ts';
import type { App, AppOptions } from '../../src/index.ts';
import { type Installation, startInstallation } from './installation.ts';

export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly installation: Installation;
  readonly app: App;
  readonly decisions: GatewayDecision[];
  /** Resolves when every hold is settled; within 5 s or it throws. */
  settled(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly limit?: number;
  readonly environment?: Record<string, string>;
  readonly providers?: Parameters<typeof startInstallation>[0];
  readonly gateway?: Partial<GatewayOptions>;
  readonly ports?: Partial<GatewayPorts>;
  readonly app?: Omit<AppOptions, 'environment'>;
  /** What config.json holds. */
  readonly config?: object;
  readonly stallTimeoutMs?: number;
  readonly timeoutMs?: number;
  /** In place of the Claude simulator. */
  readonly upstreamUrl?: string;
}

/** A gateway before both simulators, in a fresh home. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const installation = await startInstallation(options.providers);
  if (options.config) writeFileSync(join(installation.home, 'config.json'), JSON.stringify(options.config));
  const app = await installation.open(
    { TEELAMMA_BUDGET: String(options.limit ?? 1_000_000), ...options.environment },
    options.app,
  );
  const decisions: GatewayDecision[] = [];
  const gateway = createGateway(
    {
      upstream: {
        url: options.upstreamUrl ?? installation.claude.url,
        stallTimeoutMs: options.stallTimeoutMs ?? 20_000,
        timeoutMs: options.timeoutMs ?? 60_000,
      },
      ...options.gateway,
    },
    {
      ledger: app.ledger,
      ollama: app.ollama,
      router: app.router,
      log: app.log,
      nowMs: Date.now,
      newId: randomUUID,
      sleep: async (ms, signal) => void (await delay(ms, undefined, { ...(signal && { signal }) })),
      onDecision: (decision) => void decisions.push(decision),
      ...(app.observe && { observe: app.observe }),
      ...(app.scrape && { metrics: app.scrape }),
      ...options.ports,
    },
  );
  const url = await gateway.start();
  return {
    url,
    installation,
    app,
    decisions,
    async settled() {
      const until = Date.now() + 5_000;
      for (;;) {
        const held = app.ledger.snapshot().reduce((sum, budget) => sum + budget.heldTokens, 0);
        if (held === 0) return;
        if (Date.now() > until) throw new Error(`${held} tokens are still held`);
        await delay(10);
      }
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await installation[Symbol.asyncDispose]();
    },
  };
}
