/** A moment as a clock on the wall shows it. */
export interface LocalTime {
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

/** The same moment in the time zone of this process. */
export function localTime(atMs: number): LocalTime {
  const date = new Date(atMs);
  return { weekday: date.getDay(), hour: date.getHours(), minute: date.getMinutes() };
}

/** `14:00`, or `Wed 20:33` where it is not within a day from now. Without Intl: its first use takes a fifth of a start. */
export function clockTime(atMs: number, nowMs: number, toLocal: (atMs: number) => LocalTime): string {
  const { weekday, hour, minute } = toLocal(atMs);
  const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  return atMs - nowMs < 24 * 3_600_000 ? time : `${weekdays[weekday]} ${time}`;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
