/** How long until something: `2d 3h`, `5h 12m`, `4m 9s`, `45s`; `now` for what is past. Rounded up to seconds. */
export function formatCountdown(durationMs: number): string {
  if (durationMs <= 0) return 'now';
  const seconds = Math.ceil(durationMs / 1_000);
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600),
    Math.floor(seconds / 60),
  ];
  if (days > 0) return `${days}d ${hours % 24}h`;
  if (hours > 0) return `${hours}h ${minutes % 60}m`;
  if (minutes > 0) return `${minutes}m ${seconds % 60}s`;
  return `${seconds}s`;
}
