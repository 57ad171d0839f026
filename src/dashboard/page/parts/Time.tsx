import { exactMoment, fullMoment, moment } from '../format.ts';

interface TimeProps {
  readonly atMs: number;
  readonly nowMs: number;
  /** To the second. */
  readonly isExact?: boolean;
}

/** An instant in the browser's zone; what it is exactly is there for who asks. */
export function Time({ atMs, nowMs, isExact = false }: TimeProps) {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={fullMoment(atMs)}>
      {isExact ? exactMoment(atMs, nowMs) : moment(atMs, nowMs)}
    </time>
  );
}
