import { createHash } from 'node:crypto';
import { redactedFields } from './LogEntry.ts';
import { isSecretName, maskSecrets } from './mask-secrets.ts';

export interface RedactOptions {
  /** `hash` writes the fields that `redactedFields` names as `{length, sha256}`; `full` as they are. Keys are masked in both. */
  readonly prompts: 'hash' | 'full';
  /** Bytes of JSON that the result may take, about; what is above is cut and marked. */
  readonly maxBytes: number;
}

export interface Redacted {
  /** Plain JSON data: no cycles, no functions, no class instances. */
  readonly value: unknown;
  readonly bytes: number;
  readonly isCut: boolean;
}

const deepest = 16;
/** More than any marker takes, so that a marker never passes the limit by much. */
const markerBytes = 40;

/** A copy of `value` that may be written down: redacted by field name, keys masked wherever they stand, bounded in size. Never throws. */
export function redact(value: unknown, options: RedactOptions): Redacted {
  const walk = new Walk(options);
  const copy = walk.copy(value, '', 0);
  return { value: copy ?? null, bytes: walk.bytes, isCut: walk.isCut };
}

class Walk {
  bytes = 0;
  isCut = false;
  private readonly options: RedactOptions;
  private readonly above = new Set<object>();

  constructor(options: RedactOptions) {
    this.options = options;
  }

  copy(value: unknown, name: string, depth: number): unknown {
    try {
      return this.copyUnguarded(value, name, depth);
    } catch (error) {
      // A getter, a proxy or a toJSON of the caller's.
      return this.text(`[unreadable: ${String(error)}]`);
    }
  }

  private copyUnguarded(value: unknown, name: string, depth: number): unknown {
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (value === null || value === '') return this.primitive(value);
    if (name !== '' && knownName(name).isSecret) return this.text('[masked]');
    if (this.options.prompts === 'hash' && wordFields.has(name))
      return this.copyObject(fingerprint(value), depth);
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'bigint') return this.text(String(value));
    if (typeof value !== 'object') return this.primitive(value);
    if (this.above.has(value)) return this.text('[circular]');
    if (depth >= deepest) return this.cut('[cut: too deep]');
    this.above.add(value);
    try {
      return this.copyObject(value, depth);
    } finally {
      this.above.delete(value);
    }
  }

  private copyObject(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.copyArray(value, depth);
    if (ArrayBuffer.isView(value)) return this.text(`[${value.byteLength} bytes]`);
    if (value instanceof Error) return this.copyFields(errorFields(value), depth);
    if (value instanceof Map) return this.copyFields(Object.fromEntries(value), depth);
    if (value instanceof Set) return this.copyArray([...value], depth);
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      return this.copy(value.toJSON(), '', depth + 1);
    }
    return this.copyFields(value as Record<string, unknown>, depth);
  }

  private copyFields(value: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> {
    const copied: [string, unknown][] = [];
    const names = Object.keys(value);
    for (const [index, name] of names.entries()) {
      if (this.isFull()) {
        copied.push(['[cut]', this.cut(`${names.length - index} more fields`)]);
        break;
      }
      const { safeName, bytes } = knownName(name);
      this.bytes += bytes + 2;
      copied.push([safeName, this.copyField(value, name, depth)]);
    }
    return Object.fromEntries(copied);
  }

  private copyField(value: Readonly<Record<string, unknown>>, name: string, depth: number): unknown {
    let field: unknown;
    try {
      field = value[name];
    } catch (error) {
      return this.text(`[unreadable: ${String(error)}]`);
    }
    return this.copy(field, name, depth + 1);
  }

  private copyArray(value: readonly unknown[], depth: number): unknown[] {
    const copied: unknown[] = [];
    for (const [index, element] of value.entries()) {
      if (this.isFull()) {
        copied.push(this.cut(`[cut: ${value.length - index} more]`));
        break;
      }
      this.bytes += 1;
      // Headers often come as names and values in turn.
      const before: unknown = index > 0 ? value[index - 1] : undefined;
      const name = typeof element === 'string' && typeof before === 'string' ? before : '';
      copied.push((isSecretName(name) ? this.text('[masked]') : this.copy(element, '', depth + 1)) ?? null);
    }
    return copied;
  }

  private primitive<T>(value: T): T {
    this.bytes += String(value).length + 2;
    return value;
  }

  private text(text: string): string {
    const room = Math.max(0, this.options.maxBytes - this.bytes);
    // Cut roughly first, so that patterns never run over megabytes; what they leave is measured exactly.
    const masked = maskSecrets(text.length > room ? text.slice(0, room) : text);
    const shown = fitToBytes(masked, room);
    if (text.length > room || shown !== masked) {
      return this.cut(`${shown.toWellFormed()} [cut: ${text.length} characters in all]`);
    }
    this.bytes += jsonBytes(shown);
    return shown;
  }

  private cut(marked: string): string {
    this.isCut = true;
    this.bytes += jsonBytes(marked);
    return marked;
  }

  private isFull(): boolean {
    return this.bytes + markerBytes >= this.options.maxBytes;
  }
}

interface KnownName {
  readonly safeName: string;
  /** As JSON. */
  readonly bytes: number;
  readonly isSecret: boolean;
}

/** Names of fields come again and again, and judging them costs more than all else of an entry. */
const knownNames = new Map<string, KnownName>();
const mostKnownNames = 1_000;

function knownName(name: string): KnownName {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const safeName = maskSecrets(name.slice(0, 200));
  const judged = { safeName, bytes: jsonBytes(safeName), isSecret: isSecretName(name) };
  if (name.length <= 60 && knownNames.size < mostKnownNames) knownNames.set(name, judged);
  return judged;
}

const wordFields: ReadonlySet<string> = new Set(redactedFields);

/** Length and the first 16 hex digits of the SHA-256; of what is no text, of its JSON. */
function fingerprint(value: unknown): { readonly length: number; readonly sha256: string } {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return { length: text.length, sha256: createHash('sha256').update(text).digest('hex').slice(0, 16) };
}

function errorFields(error: Error): Record<string, unknown> {
  const { name, message, cause } = error;
  return { ...error, name, message, ...(cause !== undefined && { cause }) };
}

/** The start of a text that takes at most `room` bytes as JSON, nearly as long as it could be. */
function fitToBytes(text: string, room: number): string {
  let shown = text;
  for (let bytes = jsonBytes(shown); bytes > room && shown !== ''; bytes = jsonBytes(shown)) {
    shown = shown.slice(0, Math.floor((shown.length * room * 0.95) / bytes));
  }
  return shown;
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
