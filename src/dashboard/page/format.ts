import { bareAmount } from '../../messages/format-amount.ts';

const compactFormat = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const wholeFormat = new Intl.NumberFormat('en');
const usdFormat = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' });
const timeFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const exactTimeFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const yearFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const fullFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });

/** The browser's zone, an IANA name. */
export const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** `1,234`. */
export function whole(amount: number): string {
  return wholeFormat.format(amount);
}

/** `1.2M`, for axes and where room is short. */
export function compact(amount: number): string {
  return compactFormat.format(amount);
}

/** An amount of a budget in its unit on an axis: `12K`, `$1.5`. */
export function compactAmount(unit: 'micro-usd' | undefined, amount: number): string {
  return unit === 'micro-usd' ? `$${compactFormat.format(amount / 1e6)}` : compact(amount);
}

/** USD with cents, of less than a cent all that says something; a dash where nobody knows. */
export function usd(amount: number | null): string {
  if (amount === null) return '–';
  return amount !== 0 && amount < 0.01
    ? bareAmount({ unit: 'micro-usd' }, amount * 1e6)
    : usdFormat.format(amount);
}

/** `14:05` today, else with its day. */
export function moment(atMs: number, nowMs: number): string {
  return isSameDay(atMs, nowMs)
    ? timeFormat.format(atMs)
    : `${dayText(atMs, nowMs)}, ${timeFormat.format(atMs)}`;
}

/** `14:05:09` today, else with its day. */
export function exactMoment(atMs: number, nowMs: number): string {
  const time = exactTimeFormat.format(atMs);
  return isSameDay(atMs, nowMs) ? time : `${dayText(atMs, nowMs)}, ${time}`;
}

/** `25 Nov`, with the year where it is another. */
export function dayText(atMs: number, nowMs: number): string {
  const isSameYear = new Date(atMs).getFullYear() === new Date(nowMs).getFullYear();
  return (isSameYear ? dayFormat : yearFormat).format(atMs);
}

export function clockText(atMs: number): string {
  return timeFormat.format(atMs);
}

/** With zone and all, for who wants to know exactly. */
export function fullMoment(atMs: number): string {
  return fullFormat.format(atMs);
}

/** `850 ms`, `12.3 s`, `4 min 10 s`; a dash where nobody knows. */
export function duration(durationMs: number | null): string {
  if (durationMs === null) return '–';
  if (durationMs < 1_000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `claude-specialist` as people say it. */
export function agentName(agent: string): string {
  const names: Readonly<Record<string, string>> = {
    'claude-specialist': 'Claude',
    'ollama-specialist': 'Ollama',
    none: 'Nobody',
    '': 'unknown',
  };
  return names[agent] ?? agent;
}

function isSameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
