import { periodEndMs } from '../calendar-period.ts';
import type { CalendarPeriod } from '../Ledger.ts';

/** Longer than any day, whatever the clocks do. */
const longMs = 26 * 3_600_000;
const hourMs = 3_600_000;

/** Zones that are remembered; there are some 400, and a process is asked about one or two. */
const mostZones = 50;
const zones = new Map<string, ZoneDays>();

/** The days of a time zone. A year of them takes the calendar longer than any query: the process remembers what it was asked about. */
export function zoneDays(timeZone: string): ZoneDays {
  const known = zones.get(timeZone);
  if (known) return known;
  if (zones.size >= mostZones) zones.clear();
  const days = new ZoneDays(timeZone);
  zones.set(timeZone, days);
  return days;
}

/** Days of a time zone, of 23 and 25 hours included. Remembers those that it was asked about. */
export class ZoneDays {
  private readonly calendar: CalendarPeriod;
  private readonly byGuess = new Map<number, readonly [startMs: number, endMs: number]>();
  /** Who goes through days asks next for the one that begins with its end. */
  private latestEndMs = Number.NaN;

  constructor(timeZone: string) {
    this.calendar = { period: 'day', timeZone, hour: 0 };
  }

  /** When the day of an instant began. */
  startOf(atMs: number): number {
    return this.dayOf(atMs)[0];
  }

  /** When the next day begins. */
  endOf(atMs: number): number {
    return this.dayOf(atMs)[1];
  }

  /** When the hour of an instant began, counted from midnight. */
  hourOf(atMs: number): number {
    const startMs = this.startOf(atMs);
    return startMs + Math.floor((atMs - startMs) / hourMs) * hourMs;
  }

  private dayOf(atMs: number): readonly [number, number] {
    // Two days touch a UTC day; most questions are about the same day again.
    const guess = Math.floor(atMs / 86_400_000);
    for (const near of [guess, guess - 0.5]) {
      const known = this.byGuess.get(near);
      if (known && atMs >= known[0] && atMs < known[1]) return known;
    }
    let startMs = atMs === this.latestEndMs ? atMs : periodEndMs({ ...this.calendar }, atMs - longMs);
    let endMs = periodEndMs({ ...this.calendar }, startMs);
    while (endMs <= atMs) [startMs, endMs] = [endMs, periodEndMs({ ...this.calendar }, endMs)];
    const day = [startMs, endMs] as const;
    this.latestEndMs = endMs;
    this.byGuess.set(this.byGuess.has(guess) ? guess - 0.5 : guess, day);
    return day;
  }
}
