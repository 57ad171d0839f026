import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { demoTasks } from '../../src/cli/demo/demo-tasks.ts';
import { createGateway } from '../../src/gateway/app.ts';
import type { App } from '../../src/index.ts';
import type { Installation } from '../../test/support/installation.ts';
import { startYearInstallation } from '../../test/support/year-installation.ts';

const hourMs = 3_600_000;
/** When the first task of the day begins, before now. */
const beganMs = 9 * hourMs;
const limit = '18000';
const projects = ['shop', 'web', 'api'];

/** An installation as it is after a year of work and a day of the demo's tasks, on simulated providers. */
export interface DemoInstallation extends AsyncDisposable {
  readonly app: App;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A task that was done and repaired, for the view of one task. */
  readonly taskId: string;
}

/** Works through a day in a few seconds: the process's clock is put back, and forward between the tasks. */
export async function startDemoInstallation(): Promise<DemoInstallation> {
  const realNow = Date.now;
  let offsetMs = -beganMs;
  Date.now = () => realNow() + offsetMs;
  const endMs = realNow() - beganMs - hourMs;
  const installation = await startYearInstallation({ tasks: 9_000, turns: 1, nowMs: endMs });
  const environment = { ...installation.environment, TEELAMMA_BUDGET: limit, TEELAMMA_LOG_PROMPTS: 'full' };
  writeConfig(installation.home);
  const apps = await Promise.all(
    projects.map((project) => installation.open({ ...environment, TEELAMMA_PROJECT: project })),
  );
  const [app] = apps;
  if (!app) throw new Error('there is no app');
  await using gateway = gatewayOf(app, installation);
  const gatewayUrl = await gateway.start();
  const steps = demoTasks.length;
  let repaired = '';
  for (const [index, { text, markers }] of demoTasks.entries()) {
    const worker = apps[index % apps.length] ?? app;
    const words = markers === undefined ? text : `${text}\n${markers}`;
    const { decision, reviews } = await worker.pipeline.executeTask(words);
    if (reviews.length > 1) repaired = decision.taskId;
    if (index % 3 === 2) await askGateway(gatewayUrl);
    // The gateway settles and logs behind its answer.
    await delay(100);
    offsetMs += Math.floor((beganMs / steps) * (0.6 + (0.8 * ((index * 37) % 10)) / 10));
    offsetMs = Math.min(offsetMs, -60_000 * (steps - index));
  }
  Date.now = realNow;
  return {
    app,
    environment,
    taskId: repaired,
    async [Symbol.asyncDispose]() {
      await installation[Symbol.asyncDispose]();
    },
  };
}

function writeConfig(home: string): void {
  mkdirSync(home, { recursive: true });
  const budgets = [
    {
      name: 'week',
      limit: '$5',
      calendar: { period: 'week', timeZone: 'Europe/Zurich', hour: 4 },
    },
    { name: 'web', limit: '14k', window: '7d', match: { project: 'web' }, thresholds: [60, 85, 100] },
  ];
  writeFileSync(join(home, 'config.json'), JSON.stringify({ budgets }));
}

function gatewayOf(app: App, { claude }: Installation) {
  return createGateway(
    { upstream: { url: claude.url, stallTimeoutMs: 20_000, timeoutMs: 60_000 } },
    {
      ledger: app.ledger,
      ollama: app.ollama,
      router: app.router,
      log: app.log,
      nowMs: Date.now,
      newId: randomUUID,
      sleep: async (durationMs) => void (await delay(durationMs)),
    },
  );
}

async function askGateway(url: string): Promise<void> {
  const body = {
    model: 'claude-sonnet-5-5',
    max_tokens: 600,
    messages: [{ role: 'user', content: 'Name three ways to find a memory leak in a Node process.' }],
  };
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-api-key': 'simulated',
      'anthropic-version': '2023-06-01',
    },
    body: JSON.stringify(body),
  });
  await response.text();
}
