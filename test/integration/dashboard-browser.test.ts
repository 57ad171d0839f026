import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startBrowser } from '../support/find-browser.ts';
import type { Installation } from '../support/installation.ts';
import { describeInBrowser } from '../support/needs-browser.ts';
import { startTestDashboard, type TestDashboard } from '../support/start-dashboard.ts';
import { teelamma } from '../support/teelamma.ts';
import { visitPage } from '../support/visit-page.ts';
import { startYearInstallation } from '../support/year-installation.ts';

const setUpMs = 300_000;
const complexTask =
  'Refactor the session store so that several workers can share it without losing updates, and add tests for the race conditions.';

describeInBrowser('the dashboard in a browser, on a year of work', (executablePath) => {
  let installation: Installation;
  let dashboard: TestDashboard;
  let browser: Browser;
  let taskId = '';

  beforeAll(async () => {
    installation = await startYearInstallation({ turns: 1, nowMs: Date.now() });
    dashboard = await startTestDashboard({ ...installation.environment, TEELAMMA_PROJECT: 'web' });
    const done = await dashboard.app.pipeline.executeTask(`${complexTask} [[sim:broken-code]]`);
    taskId = done.decision.taskId;
    // Enough for no other of its kind, so that it is owed a review.
    await dashboard.app.ledger.charge(9_000);
    await dashboard.app.pipeline.executeTask(`${complexTask} With leases.`);
    browser = await startBrowser(executablePath);
  }, setUpMs);

  afterAll(async () => {
    await browser?.close();
    await dashboard?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
  });

  const open = (path: string, options?: BrowserContextOptions) =>
    visitPage(browser, `${dashboard.url}${path}`, options);

  it('shows the year: budgets, usage by project, and decisions page by page', async () => {
    await using visit = await open('/');
    const { page } = visit;
    await page.getByRole('article', { name: 'Budget default' }).waitFor();
    await page.getByRole('link', { name: 'Usage' }).click();
    await page.getByLabel('Period').selectOption('365d');
    await page.getByText('Project', { exact: true }).last().click();
    const groups = page.getByRole('region', { name: 'Table: Used by project' }).getByRole('row');
    await eventually(async () => expect(await groups.count()).toBeGreaterThan(6));
    expect(new URL(page.url()).search).toBe('?period=365d&by=project');

    await page.getByRole('link', { name: 'Decisions' }).click();
    expect(new URL(page.url()).search).toBe('?period=365d');
    const decisions = page.locator('.decision');
    await eventually(async () => expect(await decisions.count()).toBe(50));
    await page.getByRole('button', { name: 'Load older decisions' }).click();
    await eventually(async () => expect(await decisions.count()).toBe(100));

    await page.goBack();
    await eventually(async () =>
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Usage'),
    );
    expect(visit.problems).toEqual([]);
    expect([...visit.hosts]).toEqual([new URL(dashboard.url).host]);
  });

  it('shows what another process does, without being loaded again', async () => {
    await using visit = await open('/dashboard/decisions?agent=ollama-specialist');
    const first = visit.page.locator('.decision').first();
    await first.waitFor();
    const before = await first.textContent();
    const ran = await teelamma(
      ['run', '--quiet', 'What does HTTP status 418 mean?'],
      environmentOf(installation),
    );
    expect(ran.code).toBe(0);
    await eventually(async () => expect(await first.textContent()).not.toBe(before));
    expect(await first.textContent()).toContain('Simple task');
    expect(visit.problems).toEqual([]);
  });

  it('changes the limit after asking, says what is wrong with one, and resets', async () => {
    await using visit = await open('/dashboard');
    const { page } = visit;
    const card = page.getByRole('article', { name: 'Budget default' });
    const limitIs = (text: string) =>
      eventually(async () => expect(await card.textContent()).toContain(`${text} tokens per 24h`));
    await limitIs('10,000');
    await card.getByRole('button', { name: 'Change the limit' }).click();
    const dialog = page.getByRole('dialog');
    await page.keyboard.press('Escape');
    await eventually(async () => expect(await dialog.count()).toBe(0));

    await card.getByRole('button', { name: 'Change the limit' }).click();
    await dialog.getByLabel('New limit').fill('plenty');
    await dialog.getByRole('button', { name: 'Change the limit' }).click();
    await dialog.getByText('must be a whole number of tokens').waitFor();
    await dialog.getByLabel('New limit').fill('40k');
    await page.keyboard.press('Enter');
    await limitIs('40,000');
    await page.getByText('The limit is now 40,000 tokens per 24h.').waitFor();
    expect(dashboard.app.ledger.snapshot()[0]?.limitTokens).toBe(40_000);

    await card.getByRole('button', { name: 'Reset' }).click();
    await dialog.getByRole('button', { name: 'Reset the budget' }).click();
    await eventually(() => expect(dashboard.app.ledger.snapshot()[0]?.settledTokens).toBe(0));
    await eventually(async () => expect(await card.textContent()).toContain('40,000 tokens left'));
    // The browser writes down the refusal of the limit that was none.
    expect(visit.problems.filter((problem) => !problem.includes('400'))).toEqual([]);
  });

  it('is refused a change without the token, from its own page too', async () => {
    await using visit = await open('/dashboard');
    const limit = dashboard.app.ledger.snapshot()[0]?.limitTokens;
    const status = await visit.page.evaluate(`fetch('/dashboard/api/limit', { method: 'POST',
      headers: { 'content-type': 'application/json' }, body: '{"limit":"1M"}' }).then(({ status }) => status)`);
    expect(status).toBe(403);
    expect(dashboard.app.ledger.snapshot()[0]?.limitTokens).toBe(limit);
  });

  it('can be used with the keyboard, and keeps the theme that was chosen', async () => {
    await using visit = await open('/dashboard', { colorScheme: 'light' });
    const { page } = visit;
    const focused = () => page.evaluate('document.activeElement.innerText') as Promise<string>;
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    for (let n = 0; n < 3; n += 1) await page.keyboard.press('Tab');
    expect(await focused()).toBe('Usage');
    await page.keyboard.press('Enter');
    await eventually(async () => expect(await focused()).toBe('Usage'));
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');

    const themeIs = (theme: string) =>
      eventually(async () =>
        expect(await page.evaluate('document.documentElement.dataset.theme')).toBe(theme),
      );
    await themeIs('light');
    const themeButton = page.getByRole('button', { name: /^Theme/ });
    await themeButton.click();
    await themeButton.click();
    await themeIs('dark');
    await page.reload();
    await themeIs('dark');
  });

  it.each([
    ['overview', () => '/dashboard', '.decision'],
    ['usage', () => '/dashboard/usage?by=model', 'tfoot'],
    ['decisions', () => '/dashboard/decisions', '.decision'],
    ['a task', () => `/dashboard/tasks/${taskId}`, 'tbody tr'],
    ['Ollama', () => '/dashboard/ollama', '.debt'],
  ])('the view of %s has no fault of accessibility, light and dark, and fits on a phone', async (...view) => {
    const [, path, whole] = view;
    await using visit = await open(path(), { colorScheme: 'light', viewport: { width: 1280, height: 900 } });
    const { page } = visit;
    const themeIs = (theme: string) =>
      eventually(async () =>
        expect(await page.evaluate('document.documentElement.dataset.theme')).toBe(theme),
      );
    await page.locator(whole).first().waitFor();
    for (const summary of await page.locator('summary').all()) await summary.click();
    await themeIs('light');
    expect(await faults(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    await themeIs('dark');
    expect(await faults(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    // Charts follow their place a moment later.
    await eventually(async () =>
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390),
    );
    expect(await faults(page)).toEqual([]);
    expect(visit.problems).toEqual([]);
  });
});

/** What axe finds, each with where. */
async function faults(page: Page): Promise<string[]> {
  if (await page.evaluate("typeof axe === 'undefined'")) await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`,
  );
}

function environmentOf({ environment }: Installation): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
