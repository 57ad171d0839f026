import { readFileSync } from 'node:fs';
import type { Environment } from '../../config/Config.ts';
import { type KnownLimits, parseLimitsFile } from '../../state/limits-file.ts';
import type { ReportedLimit } from '../../state/reported-limit.ts';
import type { SessionLimit } from './session-limits.ts';

/** From here on a limit that is not a subscription's is worth its place. */
const noticeablePercent = 75;
const shortNames = new Map([
  ['unified-5h', '5h'],
  ['unified-7d', '7d'],
]);

/**
 * What Claude reported with its answers through our doors, from `claude-limits.json`: the windows of a subscription, and of the others
 * those that are nearly used up. Of the key in the environment, or of the only one that is known. Never throws.
 */
export async function keptLimits(
  file: string,
  environment: Environment,
  nowMs: number,
): Promise<readonly SessionLimit[]> {
  const known = read(file);
  const limits = (await ofCredential(known, environment)) ?? [];
  return limits.flatMap(({ name, leftShare, resetAtMs }) => {
    if (leftShare === null || resetAtMs === null || resetAtMs <= nowMs) return [];
    const usedPercent = Math.floor((1 - leftShare) * 100 + 1e-9);
    const short = shortNames.get(name);
    if (short === undefined && usedPercent < noticeablePercent) return [];
    return [{ name: short ?? name.replace(/^unified-/, '').replaceAll('-', ' '), usedPercent, resetAtMs }];
  });
}

async function ofCredential(
  known: KnownLimits,
  environment: Environment,
): Promise<readonly ReportedLimit[] | undefined> {
  const [only] = known.values();
  if (known.size <= 1) return only && [...only.values()];
  const credential = environment['ANTHROPIC_API_KEY'] || environment['ANTHROPIC_AUTH_TOKEN'];
  if (!credential) return undefined;
  const { credentialId } = await import('../../state/ReportedLimits.ts');
  const limits = known.get(credentialId(credential));
  return limits && [...limits.values()];
}

function read(file: string): KnownLimits {
  try {
    return parseLimitsFile(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // None yet; or whoever writes the file reports what is wrong with it.
    return new Map();
  }
}
