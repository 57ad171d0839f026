import type { ServerResponse } from 'node:http';
import type { MetricsPage } from '../app.ts';

/** `GET /metrics`, for whoever may use the gateway: the names of budgets, projects and models are no secret among them. */
export async function metricsRoute(response: ServerResponse, metrics: MetricsPage): Promise<void> {
  const { contentType, text } = await metrics();
  const body = Buffer.from(text);
  response.writeHead(200, { 'content-type': contentType, 'content-length': body.length });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
