import { Writable } from 'node:stream';
import type { CliContext } from '../CliContext.ts';

/** stdout for one writer alone. */
export interface ClaimedStdout extends Disposable {
  /** Writes to stdout. Fails, and does not end the process, when whoever reads it has gone. */
  readonly stream: Writable;
}

/**
 * Keeps stdout for a protocol: what any other part of the process writes to it (a library's `console.log`) goes to stderr, because one
 * stray line would end the conversation.
 */
export function claimStdout({ stdout, stderr }: Pick<CliContext, 'stdout' | 'stderr'>): ClaimedStdout {
  const write = stdout.write;
  const errorListeners = stdout.listeners('error');
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, encoding, done) => void write.call(stdout, chunk, encoding, done),
  });
  // The command's own listener ends the process at once; a server must stop its calls first.
  stdout.removeAllListeners('error');
  stdout.on('error', (error) => stream.destroy(error));
  // Whoever writes the protocol is told by the callback; here the failure only must not end the process.
  stream.on('error', () => undefined);
  stdout.write = stderr.write.bind(stderr);
  return {
    stream,
    [Symbol.dispose]() {
      stdout.write = write;
      for (const listener of errorListeners) stdout.on('error', listener as (error: Error) => void);
    },
  };
}
