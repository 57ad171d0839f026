/** An instant on the user's clock, with the offset that holds at that instant: `Sun 30 Mar 2025, 03:30 GMT+2 (Europe/Zurich)`. */
export function formatMoment(atMs: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'shortOffset',
  });
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
  const day = `${part('weekday')} ${part('day')} ${part('month')} ${part('year')}`;
  // Some versions of ICU write GMT+0.
  const offset = part('timeZoneName').replace(/\+0$/, '');
  return `${day}, ${part('hour')}:${part('minute')} ${offset} (${timeZone})`;
}

/** The same in few columns, for tables: `2025-03-30 03:30:05`. */
export function formatShortMoment(atMs: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  return format.format(atMs);
}
