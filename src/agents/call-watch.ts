/** Ends one upstream call when its caller gives up, when it takes too long, or when it falls silent. */
export interface CallWatch extends Disposable {
  /** Aborts with the first of the three; pass it to everything that the call waits for. */
  readonly signal: AbortSignal;
  /** Tells that something arrived, so the silence starts anew. */
  touch(): void;
  /** Hands something to the caller; a receiver that throws ends the call as if the caller had given up. */
  hand<Thing>(thing: Thing, receiver: ((thing: Thing) => void) | undefined): void;
  /** Which of them ended the call; null while none did. */
  endedBy(): 'caller' | 'timeout' | 'stall' | null;
}

export interface CallWatchOptions {
  readonly signal: AbortSignal;
  /** Longest time for the whole call. */
  readonly timeoutMs: number;
  /** Longest silence, counted from the start of the call. */
  readonly stallTimeoutMs: number;
}

/** Starts both clocks; dispose it when the call is over. */
export function watchCall(options: CallWatchOptions): CallWatch {
  const controller = new AbortController();
  let endedBy: 'caller' | 'timeout' | 'stall' | null = null;
  const end = (by: 'caller' | 'timeout' | 'stall'): void => {
    endedBy ??= by;
    controller.abort();
  };
  const onCallerAbort = (): void => end('caller');
  options.signal.addEventListener('abort', onCallerAbort, { once: true });
  if (options.signal.aborted) end('caller');
  const total = setTimeout(() => end('timeout'), timerMs(options.timeoutMs));
  const stall = setTimeout(() => end('stall'), timerMs(options.stallTimeoutMs));
  return {
    signal: controller.signal,
    touch: () => void stall.refresh(),
    hand(thing, receiver) {
      try {
        receiver?.(thing);
      } catch (error) {
        end('caller');
        throw error;
      }
    },
    endedBy: () => endedBy,
    [Symbol.dispose]() {
      clearTimeout(total);
      clearTimeout(stall);
      options.signal.removeEventListener('abort', onCallerAbort);
    },
  };
}

/** A longer delay would make a timer fire at once. */
function timerMs(ms: number): number {
  return Math.min(ms, 2 ** 31 - 1);
}
