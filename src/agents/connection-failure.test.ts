import { describe, expect, it } from 'vitest';
import { connectionFailure } from './connection-failure.ts';

const failureOf = (url: string) => fetch(url).then(() => null, connectionFailure);

describe('connectionFailure', () => {
  it('says that fetch forbids a port, where fetch itself says nothing but that it failed', async () => {
    expect(await failureOf('http://127.0.0.1:6000')).toEqual({
      reached: 'not-sent',
      code: 'fetch forbids this port; use another',
    });
  });

  it('names the code of a refused connection', async () => {
    expect(await failureOf('http://127.0.0.1:2')).toEqual({ reached: 'not-sent', code: 'ECONNREFUSED' });
  });
});
