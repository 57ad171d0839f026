import { zone } from './format.ts';
import type { FilterName } from './parts/FilterBar.tsx';
import type { Place } from './router.ts';

/** A question to the API with the filters of the address. */
export function apiPath(
  route: string,
  { query }: Place,
  names: readonly (FilterName | 'by' | 'budget')[],
  more: Readonly<Record<string, string>> = {},
): string {
  const asked = new URLSearchParams({ zone, ...more });
  for (const name of names) {
    const value = query.get(name);
    if (value) asked.set(name, value);
  }
  return `${route}?${asked}`;
}
