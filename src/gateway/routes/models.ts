import { sendJson } from '../api-error.ts';
import type { Exchange, GatewayParts } from '../GatewayParts.ts';
import { passThrough } from '../pass-through.ts';

/** `GET /v1/models`: Claude's own list; where Claude cannot be asked, the local model that answers then. */
export async function modelsRoute(exchange: Exchange, gateway: GatewayParts): Promise<void> {
  await passThrough(exchange, gateway, () => {
    const { model } = gateway.ollama;
    const listing = {
      type: 'model',
      id: model,
      display_name: `${model} on Ollama`,
      created_at: '1970-01-01T00:00:00Z',
    };
    const page = { data: [listing], has_more: false, first_id: model, last_id: model };
    const isOne = exchange.path !== '/v1/models';
    sendJson(exchange.response, 200, isOne ? listing : page, {
      'x-teelamma-reason': 'Claude cannot be asked',
    });
  });
}
