import { useEffect, useState } from 'preact/hooks';
import type { HelloEvent } from '../../api/api-types.ts';

export type LiveState = 'connecting' | 'live' | 'lost';

interface Live {
  readonly state: LiveState;
  /** Goes up with each change. */
  readonly changes: number;
}

let now: Live = { state: 'connecting', changes: 0 };
let startId: string | null = null;
let source: EventSource | null = null;
const listeners = new Set<() => void>();

/** Whether changes are heard of, and how many there were; draws again with each. */
export function useLive(): Live {
  const [live, setLive] = useState(now);
  useEffect(() => {
    const update = () => setLive(now);
    listeners.add(update);
    update();
    return () => void listeners.delete(update);
  }, []);
  return live;
}

/** Listens while the page can be seen: a hidden one reads nothing, and reads all anew when it is seen again. */
export function startLive(): void {
  const follow = () => {
    if (document.hidden) disconnect();
    else connect();
  };
  document.addEventListener('visibilitychange', follow);
  follow();
}

/** Asks for everything anew, as after a change. */
export function noteChange(): void {
  set({ changes: now.changes + 1 });
}

function connect(): void {
  if (source) return;
  source = new EventSource('/dashboard/api/events');
  source.addEventListener('hello', (event) => {
    const hello = JSON.parse((event as MessageEvent<string>).data) as HelloEvent;
    // Another start of the server: this page's token is of the one before.
    if (startId !== null && startId !== hello.startId) location.reload();
    startId = hello.startId;
    set({ state: 'live', changes: now.changes + 1 });
  });
  source.addEventListener('change', noteChange);
  source.addEventListener('error', () => {
    set({ state: 'lost' });
    // Some answers end a source for good; it is begun anew then.
    if (source?.readyState !== EventSource.CLOSED) return;
    disconnect();
    setTimeout(connect, 3_000);
  });
}

function disconnect(): void {
  source?.close();
  source = null;
}

function set(change: Partial<Live>): void {
  now = { ...now, ...change };
  for (const listener of listeners) listener();
}
