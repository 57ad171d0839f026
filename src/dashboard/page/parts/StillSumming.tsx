import { dayText } from '../format.ts';

interface StillSummingProps {
  /** Null where all is summed. */
  readonly sinceMs: number | null | undefined;
}

/** Says that what is seen is a part, and grows. */
export function StillSumming({ sinceMs }: StillSummingProps) {
  if (sinceMs === null || sinceMs === undefined) return null;
  return (
    <p class="muted" role="status">
      Adding up calls that were never added up, which is done once: so far here are those since{' '}
      {dayText(sinceMs, Date.now())}.
    </p>
  );
}
