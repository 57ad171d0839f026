/** The calls that run just now, over all connections, so that a server can stop them and wait until each has settled what it spent. */
export class RunningTasks {
  private readonly stop = new AbortController();
  private readonly running = new Set<Promise<unknown>>();

  /** Runs one call; its signal is aborted by the client's cancellation and by `stopAll`. Rejects as the call does. */
  async run<T>(clientSignal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const running = call(AbortSignal.any([clientSignal, this.stop.signal]));
    this.running.add(running);
    try {
      return await running;
    } finally {
      this.running.delete(running);
    }
  }

  /** Aborts every call, those that begin later too, and resolves when all have ended. */
  async stopAll(reason: string): Promise<void> {
    this.stop.abort(new Error(reason));
    await Promise.allSettled(this.running);
  }
}
