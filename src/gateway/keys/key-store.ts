import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../../config/Config.ts';
import { writePrivateFile } from '../../config/write-private-file.ts';
import { TeelammaError } from '../../errors.ts';
import { isRecord, recordsOf, textOf } from '../../messages/open-record.ts';
import type { GatewayKey } from './gateway-key.ts';

/** Where an installation keeps the hashes of its gateway keys. */
export function gatewayKeysFile({ stateFolder }: Paths): string {
  return join(stateFolder, 'gateway-keys.json');
}

/**
 * All keys, oldest first; none where the file is absent.
 * @throws TeelammaError `state-corrupt` where it cannot be read: a gateway that took that for "no keys" would be open to anybody.
 */
export function readGatewayKeys(file: string): readonly GatewayKey[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(file, error);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || !Array.isArray(value['keys'])) throw new Error('it has no list of keys');
    return recordsOf(value['keys']).map((entry) => ({
      id: textOf(entry['id']),
      name: textOf(entry['name']),
      hash: textOf(entry['hash']),
      user: textOf(entry['user']) || null,
      project: textOf(entry['project']) || null,
      createdAtMs: Number(entry['createdAtMs']) || 0,
    }));
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Replaces all keys at once; the file is readable for its owner only. */
export function writeGatewayKeys(file: string, keys: readonly GatewayKey[]): void {
  try {
    writePrivateFile(file, `${JSON.stringify({ keys }, null, 2)}\n`);
  } catch (error) {
    throw new TeelammaError(
      'state-unwritable',
      `The gateway keys cannot be written to ${file}: ${String(error)}.`,
      {
        cause: error,
      },
    );
  }
}

/** The keys as of at most a second ago, so that a removed key is refused without a restart; a damaged file refuses every key. */
export function followGatewayKeys(
  file: string,
  ports: { readonly nowMs: () => number },
): () => readonly GatewayKey[] {
  let keys = readGatewayKeys(file);
  let version = versionOf(file);
  let lookedAtMs = ports.nowMs();
  return () => {
    const nowMs = ports.nowMs();
    if (Math.abs(nowMs - lookedAtMs) < 1_000) return keys;
    lookedAtMs = nowMs;
    const current = versionOf(file);
    if (current === version) return keys;
    try {
      keys = readGatewayKeys(file);
      version = current;
    } catch {
      keys = [];
    }
    return keys;
  };
}

function versionOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.mtimeMs} ${found.size} ${found.ino}` : 'absent';
}

function unreadable(file: string, cause: unknown): TeelammaError {
  return new TeelammaError(
    'state-corrupt',
    `The gateway keys in ${file} cannot be read. Repair the file, or remove it and add the keys again with \`teelamma keys add\`.`,
    { cause },
  );
}
