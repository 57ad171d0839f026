import { usageKeys } from '../../state/usage/UsageQuery.ts';
import type { DashboardPorts } from '../DashboardPorts.ts';
import type { FacetsDocument } from './api-types.ts';

/** Every agent, model, project and kind that was ever used, by name. */
export async function readFacets({ ledger }: DashboardPorts): Promise<FacetsDocument> {
  const rows = await ledger.usage({ by: usageKeys.filter((key) => key !== 'door' && key !== 'user') });
  const valuesOf = (key: 'agent' | 'model' | 'project' | 'kind') =>
    [...new Set(rows.map((row) => row[key] ?? ''))].filter((value) => value !== '').sort();
  return {
    agents: valuesOf('agent'),
    models: valuesOf('model'),
    projects: valuesOf('project'),
    kinds: valuesOf('kind'),
  };
}
