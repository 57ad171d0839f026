/**
 * Takes the pictures of the dashboard in docs/images: every view, light and dark, and on a phone, of a demo installation on simulated
 * providers. Needs the build and a Chromium.
 *
 *     npm run screenshots
 */
import { mkdirSync, statSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { dashboardOptions, dashboardPorts } from '../src/cli/dashboard/dashboard-parts.ts';
import { serveDashboard } from '../src/dashboard/serve-dashboard.ts';
import { findBrowser, startBrowser } from '../test/support/find-browser.ts';
import { startDemoInstallation } from './screenshots/demo-installation.ts';

const folder = process.argv[2] ?? 'docs/images';
const executable = findBrowser();
if (executable === undefined) throw new Error('There is no Chromium here: apt-get install chromium');
mkdirSync(folder, { recursive: true });

await using demo = await startDemoInstallation();
const { app, environment, taskId } = demo;
await using server = await serveDashboard(
  { ...dashboardOptions(app), port: 0 },
  dashboardPorts(app, environment),
);
const browser = await startBrowser(executable);
try {
  const views = [
    ['overview', 'dashboard', 1_180],
    ['usage', 'dashboard/usage?period=30d&by=project', 1_000],
    ['decisions', 'dashboard/decisions', 860],
    ['task', `dashboard/tasks/${taskId}`, 1_180],
    ['ollama', 'dashboard/ollama?period=30d', 1_180],
  ] as const;
  for (const theme of ['light', 'dark'] as const) {
    for (const [name, path, height] of views) {
      await shoot(`${name}-${theme}`, path, { theme, width: 1_280, height });
    }
  }
  await shoot('limit-light', 'dashboard', { theme: 'light', width: 1_280, height: 860 }, async (page) => {
    await page.getByRole('button', { name: 'Change the limit' }).click();
    await page.getByLabel('New limit').fill('500k');
  });
  await shoot('overview-phone', 'dashboard', { theme: 'light', width: 390, height: 844 });
  await shoot('decisions-phone', 'dashboard/decisions', { theme: 'dark', width: 390, height: 844 });
} finally {
  await browser.close();
}

interface Screen {
  readonly theme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
}

async function shoot(
  name: string,
  path: string,
  { theme, width, height }: Screen,
  prepare: (page: Page) => Promise<void> = async () => undefined,
): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
  const page = await context.newPage();
  await page.goto(server.url + path);
  await page.waitForSelector('.live-live');
  await page.waitForSelector('main h2');
  // The last answers, and the gauges' movement.
  await page.waitForTimeout(2_500);
  await prepare(page);
  const file = `${folder}/dashboard-${name}.png`;
  await page.screenshot({ path: file });
  await context.close();
  console.log(`${file} ${Math.round(statSync(file).size / 1000)} kB`);
}
