import type { DashboardPorts } from '../DashboardPorts.ts';
import type { FacetsDocument } from './api-types.ts';
import type { Parsed } from './parse-query.ts';
import { summedPart } from './summed-part.ts';

/** Every agent, model, project and kind that was ever used, as far as it is summed, by name. */
export async function readFacets({ zone }: Parsed, ports: DashboardPorts): Promise<FacetsDocument> {
  const { ledger } = ports;
  const { query, summedSinceMs } = await summedPart({ timeZone: zone }, ports);
  // Two questions, since few rows are kept of each.
  const rows = [
    ...(await ledger.usage({ ...query, by: ['agent', 'model', 'kind'] })),
    ...(await ledger.usage({ ...query, by: ['project'] })),
  ];
  const valuesOf = (key: 'agent' | 'model' | 'project' | 'kind') =>
    [...new Set(rows.map((row) => row[key] ?? ''))].filter((value) => value !== '').sort();
  return {
    agents: valuesOf('agent'),
    models: valuesOf('model'),
    projects: valuesOf('project'),
    kinds: valuesOf('kind'),
    summedSinceMs,
  };
}
