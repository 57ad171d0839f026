import { useEffect, useRef, useState } from 'preact/hooks';
import type { FacetsDocument } from '../../api/api-types.ts';
import { ApiError, askApi } from './api.ts';
import { useLive } from './live.ts';

interface Data<T> {
  /** Null until the first answer has come. */
  readonly data: T | null;
  /** Why the last question has no answer; a whole sentence. */
  readonly problem: string | null;
}

interface Options {
  /** Least time between two questions: those that read much are asked less often. Default 200 ms. */
  readonly gapMs?: number;
}

const nothing = { data: null, problem: null };

/** Between two questions of which the first had half an answer. */
const goOnMs = 100;

/**
 * A document of the API, asked for again after changes, and while its sums are not whole (`summedSinceMs`). While the answer for another path is
 * on its way, nothing is shown.
 */
export function useData<T>(path: string, { gapMs = 200 }: Options = {}): Data<T> {
  const { changes } = useLive();
  const [state, setState] = useState<{ readonly path: string } & Data<T>>({ path, ...nothing });
  const asker = useRef<{ ask(): void } | null>(null);

  useEffect(() => {
    const own = createAsker(gapMs, async (signal) => {
      try {
        const data = await askApi<T>(path, signal);
        setState({ path, data, problem: null });
        return isWhole(data);
      } catch (error) {
        if (signal.aborted) return true;
        const problem = error instanceof ApiError ? error.message : String(error);
        setState((before) => ({ path, data: before.path === path ? before.data : null, problem }));
        return true;
      }
    });
    asker.current = own;
    return () => own.stop();
  }, [path, gapMs]);
  // Each change, and another path, is a reason to ask.
  useEffect(() => asker.current?.ask(), [path, gapMs, changes]);

  return state.path === path ? state : nothing;
}

function isWhole(data: unknown): boolean {
  return ((data as Partial<FacetsDocument>).summedSinceMs ?? null) === null;
}

/** Asks one question at a time, and once more where something changed while the answer was on its way, or it was not the whole answer. */
function createAsker(gapMs: number, question: (signal: AbortSignal) => Promise<boolean>) {
  const stopped = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let isBusy = false;
  let isWanted = false;
  const ask = (): void => {
    isWanted = true;
    if (isBusy || timer !== undefined || stopped.signal.aborted) return;
    timer = setTimeout(run, Math.max(0, gapMs - (performance.now() - askedAtMs)));
  };
  const run = async (): Promise<void> => {
    timer = undefined;
    isBusy = true;
    isWanted = false;
    askedAtMs = performance.now();
    const isDone = await question(stopped.signal);
    isBusy = false;
    if (!isDone && !stopped.signal.aborted) timer = setTimeout(run, goOnMs);
    else if (isWanted) ask();
  };
  const stop = (): void => {
    stopped.abort();
    clearTimeout(timer);
  };
  return { ask, stop };
}
