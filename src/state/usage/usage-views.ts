import { type UsageKey, usageKeys } from './UsageQuery.ts';

/** By which keys the days of a time zone are kept: all of them, or fewer in fewer rows. */
export interface UsageView {
  readonly name: string;
  readonly keys: readonly UsageKey[];
}

export const wideView: UsageView = { name: 'all', keys: usageKeys };

/** What charts and prices are grouped by, the fewest keys first. Each time zone that was asked about has the days of all. */
export const narrowViews: readonly UsageView[] = (
  [
    ['project'],
    ['kind'],
    ['agent', 'model'],
    ['agent', 'model', 'kind'],
    ['agent', 'model', 'project'],
  ] as const
).map((keys) => ({ name: keys.join(), keys }));

/** The view with the fewest keys that has all of these. */
export function viewFor(dimensions: readonly string[]): UsageView {
  const keys = usageKeys.filter((key) => dimensions.includes(key));
  return narrowViews.find((view) => keys.every((key) => view.keys.includes(key))) ?? wideView;
}
