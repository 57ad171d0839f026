import { isRecord, type OpenRecord } from '../messages/open-record.ts';

/** The object that these bytes hold as JSON; null where they hold none. */
export function jsonObject(bytes: Buffer): OpenRecord | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}
