import { type App, createApp } from '../../src/app.ts';
import { dashboardOptions, dashboardPorts } from '../../src/cli/dashboard/dashboard-parts.ts';
import type { Environment } from '../../src/config/Config.ts';
import { serveDashboard } from '../../src/dashboard/serve-dashboard.ts';

export interface TestDashboard extends AsyncDisposable {
  /** Without the slash at its end. */
  readonly url: string;
  readonly app: App;
  /** Asks the API, as a program would. */
  ask(path: string, init?: RequestInit): Promise<{ readonly status: number; readonly body: unknown }>;
  /** Sends a change as the page does, with the token that the page was given. */
  change(
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ): ReturnType<TestDashboard['ask']>;
}

/** The dashboard of an installation, on a server of its own. */
export async function startTestDashboard(environment: Environment): Promise<TestDashboard> {
  const app = await createApp({ environment });
  const server = await serveDashboard(
    { ...dashboardOptions(app), port: 0 },
    dashboardPorts(app, environment),
  );
  const url = server.url.replace(/\/$/, '');
  const ask: TestDashboard['ask'] = async (path, init) => {
    const response = await fetch(`${url}/dashboard/api/${path}`, init);
    return { status: response.status, body: await response.json() };
  };
  return {
    url,
    app,
    ask,
    async change(path, body, headers = {}) {
      const page = await (await fetch(url, { headers: { accept: 'text/html' } })).text();
      const token = /name="teelamma-token" content="([^"]+)"/.exec(page)?.[1] ?? '';
      return ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: url, 'x-teelamma-token': token, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await app[Symbol.asyncDispose]();
    },
  };
}
