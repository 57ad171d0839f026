import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A key that opens the gateway, as it is stored: never the key itself. */
export interface GatewayKey {
  readonly id: string;
  /** What the user calls it; unique. */
  readonly name: string;
  /** SHA-256 of the key, in hex. */
  readonly hash: string;
  /** Whom and what its tokens are counted for, in history and logs. */
  readonly user: string | null;
  readonly project: string | null;
  readonly createdAtMs: number;
}

const prefix = 'tlm_';

/** A new key: 256 random bits, which is why a plain hash keeps it safe where a password would need a slow one. */
export function newGatewayKey(): string {
  return `${prefix}${randomBytes(32).toString('base64url')}`;
}

/** What is stored of a key. */
export function hashGatewayKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** The stored key that one of the presented texts is; null where none is. Takes as long whichever it is, and where none is. */
export function findGatewayKey(
  keys: readonly GatewayKey[],
  presented: readonly string[],
): { readonly key: GatewayKey; readonly index: number } | null {
  let found: { key: GatewayKey; index: number } | null = null;
  for (const [index, text] of presented.entries()) {
    const hash = createHash('sha256').update(text).digest();
    for (const key of keys) {
      const stored = Buffer.from(key.hash, 'hex');
      if (stored.length === hash.length && timingSafeEqual(stored, hash)) found = { key, index };
    }
  }
  return found;
}
