import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryHome } from '../../../test/support/temporary-home.ts';
import { findGatewayKey, hashGatewayKey, newGatewayKey } from './gateway-key.ts';
import { followGatewayKeys, readGatewayKeys, writeGatewayKeys } from './key-store.ts';

const secrets = [newGatewayKey(), newGatewayKey()];
const keys = secrets.map((secret, index) => ({
  id: String(index),
  name: `key-${index}`,
  hash: hashGatewayKey(secret),
  user: 'ada',
  project: null,
  createdAtMs: 5,
}));

describe('gateway keys', () => {
  it('are kept as hashes in a file of their owner only', () => {
    const { home, remove } = temporaryHome();
    try {
      const file = join(home, 'state', 'gateway-keys.json');
      expect(readGatewayKeys(file)).toEqual([]);
      writeGatewayKeys(file, keys);
      expect(readGatewayKeys(file)).toEqual(keys);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(JSON.stringify(readGatewayKeys(file))).not.toContain(secrets[0]);
    } finally {
      remove();
    }
  });

  it('are found by the key alone', () => {
    expect(findGatewayKey(keys, ['', secrets[1] ?? ''])).toEqual({ key: keys[1], index: 1 });
    expect(findGatewayKey(keys, ['', 'tlm_x', keys[0]?.hash ?? ''])).toBeNull();
  });

  it('are followed, and a damaged file opens nothing', () => {
    const { home, remove } = temporaryHome();
    try {
      const file = join(home, 'gateway-keys.json');
      writeGatewayKeys(file, keys);
      let nowMs = 0;
      const follow = followGatewayKeys(file, { nowMs: () => nowMs });
      expect(follow()).toEqual(keys);
      writeGatewayKeys(file, keys.slice(1));
      nowMs += 1_000;
      expect(follow()).toEqual(keys.slice(1));
      writeFileSync(file, '{');
      nowMs += 1_000;
      expect(follow()).toEqual([]);
      expect(() => readGatewayKeys(file)).toThrow(/cannot be read/);
    } finally {
      remove();
    }
  });
});
