import { createHash } from 'node:crypto';

/** The signature that the simulator gives to a thinking block; the same in every simulator, so that a restart does not break it. */
export function thinkingSignature(thinking: string): string {
  return `Sim${createHash('sha256').update('teelamma simulator\n').update(thinking).digest('base64')}`;
}
