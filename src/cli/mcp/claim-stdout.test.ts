import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CliContext } from '../CliContext.ts';
import { type ClaimedStdout, claimStdout } from './claim-stdout.ts';

describe('claimStdout', () => {
  let stdout: PassThrough;
  let stderr: PassThrough;
  let claimed: ClaimedStdout;
  beforeEach(() => {
    stdout = new PassThrough({ encoding: 'utf8' });
    stderr = new PassThrough({ encoding: 'utf8' });
    claimed = claimStdout({ stdout, stderr } as unknown as Pick<CliContext, 'stdout' | 'stderr'>);
  });
  afterEach(() => claimed[Symbol.dispose]());

  it('lets the protocol through, and sends what others write to stderr', () => {
    stdout.write('a stray line\n');
    claimed.stream.write('{"jsonrpc": "2.0"}\n');
    expect(stdout.read()).toBe('{"jsonrpc": "2.0"}\n');
    expect(stderr.read()).toBe('a stray line\n');
    claimed[Symbol.dispose]();
    stdout.write('after\n');
    expect(stdout.read()).toBe('after\n');
  });

  it('tells the writer of the protocol that its reader has gone, and nobody else', async () => {
    const failed = new Promise((resolve) => claimed.stream.once('error', resolve));
    stdout.destroy(new Error('EPIPE'));
    expect(await failed).toMatchObject({ message: 'EPIPE' });
  });
});
