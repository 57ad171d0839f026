import { describe, expect, it } from 'vitest';
import { RunningTasks } from './RunningTasks.ts';

const never = new AbortController().signal;

/** A call that ends when its signal is aborted, after some work of its own. */
async function untilAborted(signal: AbortSignal, settle: () => void): Promise<never> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await new Promise((resolve) => setTimeout(resolve, 10));
  settle();
  throw signal.reason;
}

describe('RunningTasks', () => {
  it('gives the result of a call, or its error', async () => {
    const tasks = new RunningTasks();
    expect(await tasks.run(never, async () => 'done')).toBe('done');
    await expect(tasks.run(never, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await tasks.stopAll('the end');
  });

  it('stops all calls, and waits until each has settled', async () => {
    const tasks = new RunningTasks();
    const settled: string[] = [];
    const calls = ['a', 'b'].map((name) =>
      tasks.run(never, (signal) => untilAborted(signal, () => void settled.push(name))),
    );
    const outcomes = Promise.allSettled(calls);
    await tasks.stopAll('the end');
    expect(settled).toEqual(['a', 'b']);
    expect(await outcomes).toMatchObject([
      { reason: { message: 'the end' } },
      { reason: { message: 'the end' } },
    ]);
    await tasks.run(never, async (signal) => expect(signal.aborted).toBe(true));
  });

  it('passes the cancellation of one client to its call alone', async () => {
    const tasks = new RunningTasks();
    const client = new AbortController();
    let isOtherAborted = false;
    const other = tasks.run(never, (signal) =>
      untilAborted(signal, () => {
        isOtherAborted = true;
      }),
    );
    const call = tasks.run(client.signal, (signal) => untilAborted(signal, () => undefined));
    client.abort(new Error('cancelled'));
    await expect(call).rejects.toThrow('cancelled');
    expect(isOtherAborted).toBe(false);
    await Promise.all([expect(other).rejects.toThrow(), tasks.stopAll('the end')]);
  });
});
