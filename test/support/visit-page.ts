import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** What the browser complained of. */
  readonly problems: readonly string[];
  /** Hosts that anything was asked of. */
  readonly hosts: ReadonlySet<string>;
}

/** Opens a page of the dashboard as somebody new, and waits until it is live. */
export async function visitPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const problems: string[] = [];
  const hosts = new Set<string>();
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => void problems.push(error.message));
  page.on('request', (request) => void hosts.add(new URL(request.url()).host));
  page.setDefaultTimeout(60_000);
  await page.goto(address);
  await page.getByText('Live', { exact: true }).waitFor();
  return { page, problems, hosts, [Symbol.asyncDispose]: () => context.close() };
}
