import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  BurnDownDocument,
  DecisionsDocument,
  FacetsDocument,
  OverviewDocument,
  SavingsDocument,
  TaskDocument,
  UsageDocument,
} from '../../src/dashboard/api/api-types.ts';
import { eventually } from '../support/eventually.ts';
import { startBrowser } from '../support/find-browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { describeInBrowser } from '../support/needs-browser.ts';
import { startTestDashboard, type TestDashboard } from '../support/start-dashboard.ts';
import { type PostgresServer, startPostgres } from '../support/start-postgres.ts';
import { teelamma } from '../support/teelamma.ts';
import { visitPage } from '../support/visit-page.ts';

const complexTask =
  'Refactor the session store so that several workers can share it without losing updates, and add tests for the race conditions.';

describe("the dashboard on a team's ledger", () => {
  let server: PostgresServer;
  let installation: Installation;
  let dashboard: TestDashboard;
  let ledger: { readonly TEELAMMA_LEDGER: string };

  beforeAll(async () => {
    server = await startPostgres(['fsync=off']);
    ledger = { TEELAMMA_LEDGER: await server.createDatabase() };
    installation = await startInstallation();
    dashboard = await startTestDashboard({
      ...installation.environment,
      ...ledger,
      TEELAMMA_PROJECT: 'web',
    });
  }, 60_000);
  afterAll(async () => {
    await dashboard?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  it('answers every question of its API from what a colleague did on another machine', async () => {
    await using colleague = await startInstallation();
    const app = await colleague.open({ ...ledger, TEELAMMA_PROJECT: 'shop' });
    const done = await app.pipeline.executeTask(complexTask);
    const simple = await app.pipeline.executeTask('What does HTTP status 409 mean?');
    expect([done.agent, simple.agent]).toEqual(['claude-specialist', 'ollama-specialist']);
    const ask = async <T>(path: string) => {
      const { status, body } = await dashboard.ask(path);
      expect(status).toBe(200);
      return body as T;
    };

    const { budgets } = await ask<OverviewDocument>('overview');
    expect(budgets[0]).toMatchObject({ settled: done.chargedTokens, held: 0, limit: 10_000 });
    const burn = await ask<BurnDownDocument>('burn-down?budget=default');
    expect(burn.points.at(-1)?.[1]).toBe(10_000 - done.chargedTokens);

    for (const period of ['24h', '365d', 'all']) {
      const usage = await ask<UsageDocument>(`usage?period=${period}&by=project&zone=Europe/Zurich`);
      expect(usage.groups.map(({ key }) => key)).toEqual(['shop']);
      expect(usage.total.chargedTokens).toBe(done.chargedTokens);
      expect(usage.series[0]?.tokens.reduce((sum, one) => sum + one, 0)).toBe(usage.total.tokens);
      expect(usage.summedSinceMs).toBeNull();
    }
    const savings = await ask<SavingsDocument>('savings?period=365d&zone=Europe/Zurich');
    expect(savings.models.map(({ model }) => model)).toEqual(['qwen3:8b']);
    const facets = await ask<FacetsDocument>('facets?zone=Europe/Zurich');
    expect(facets).toMatchObject({ models: ['claude-sonnet-5-5', 'qwen3:8b'], projects: ['shop'] });

    const decisions = await ask<DecisionsDocument>('decisions?period=all');
    expect(decisions.decisions.map(({ id }) => id)).toEqual([simple.decision.taskId, done.decision.taskId]);
    expect(decisions.decisions[0]?.usedTokens).toBeGreaterThan(0);
    const found = await ask<DecisionsDocument>(
      'decisions?model=claude-sonnet-5-5&project=shop&outcome=approved',
    );
    expect(found.decisions.map(({ id }) => id)).toEqual([done.decision.taskId]);
    const { task, turns } = await ask<TaskDocument>(`tasks/${done.decision.taskId}`);
    expect(task).toMatchObject({ outcome: 'approved', decision: { reason: done.decision.reason } });
    expect(turns.reduce((sum, turn) => sum + turn.chargedTokens, 0)).toBe(done.chargedTokens);
  });

  describeInBrowser('in a browser', (executablePath) => {
    it("shows a colleague's task as it happens, opens it, and changes the limit", async () => {
      await using browser = await startBrowser(executablePath);
      await using visit = await visitPage(browser, `${dashboard.url}/`);
      const { page } = visit;
      const card = page.getByRole('article', { name: 'Budget default' });
      await card.waitFor();
      const { decisions } = (await dashboard.ask('decisions?period=all')).body as DecisionsDocument;
      const shows = (count: number) =>
        eventually(async () => expect(await page.locator('.decision').count()).toBe(count));
      await shows(decisions.length);

      await using colleague = await startInstallation();
      const environment = { ...colleague.environment, ...ledger } as Record<string, string>;
      const ran = await teelamma(['run', '--json', 'What does HTTP status 418 mean?'], environment);
      expect(ran.code).toBe(0);
      await shows(decisions.length + 1);

      await page.locator('.decision').first().getByRole('link').first().click();
      const calls = page.getByRole('region', { name: 'Calls', exact: true });
      await eventually(async () => expect(await calls.textContent()).toMatch(/qwen3:8b.*settled/));

      await page.getByRole('link', { name: 'Overview' }).click();
      await card.getByRole('button', { name: 'Change the limit' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('New limit').fill('50k');
      await page.keyboard.press('Enter');
      await eventually(async () => expect(await card.textContent()).toContain('50,000 tokens per 24h'));
      expect((await dashboard.app.ledger.status())[0]?.limitTokens).toBe(50_000);
      expect(visit.problems).toEqual([]);
    });
  });
});
