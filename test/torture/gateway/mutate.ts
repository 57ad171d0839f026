/** Random numbers that a seed repeats (mulberry32). */
export interface Random {
  /** 0 to below `below`. */
  int(below: number): number;
  pick<T>(from: readonly T[]): T;
  chance(probability: number): boolean;
}

export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    int: (below) => Math.floor(next() * below),
    pick: (from) => from[Math.floor(next() * from.length)] as (typeof from)[number],
    chance: (probability) => next() < probability,
  };
}

const odd: readonly unknown[] = [
  ...[null, true, 0, -1, 1e308, 0.5, '', '\u0000', '\ud800', '💥', [], {}, [[]], [null], 'x'.repeat(5_000)],
  ...[{ type: 'text' }, { type: 'thinking', thinking: 'x', signature: '' }, { role: 'user' }, 2 ** 53],
];

/** The value with one to four of its parts replaced, dropped, doubled or put somewhere else. */
export function mutateValue(value: unknown, rng: Random): unknown {
  const copy: unknown = structuredClone(value);
  for (let times = 1 + rng.int(4); times > 0; times -= 1) {
    const spots = spotsOf(copy);
    if (spots.length === 0) return structuredClone(rng.pick(odd));
    const { holder, key } = rng.pick(spots);
    const target = holder as Record<string | number, unknown>;
    switch (rng.int(4)) {
      case 0:
        target[key] = structuredClone(rng.pick(odd));
        break;
      case 1:
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete target[key];
        break;
      case 2:
        if (Array.isArray(holder)) holder.push(structuredClone(target[key]));
        else target[`${key}_`] = structuredClone(target[key]);
        break;
      default: {
        const other = rng.pick(spots);
        target[key] = structuredClone((other.holder as Record<string | number, unknown>)[other.key]);
      }
    }
  }
  return copy;
}

/** The bytes with one to four changes: flipped, cut out, cut off, doubled, or with others put in. */
export function mutateBytes(bytes: Buffer, rng: Random): Buffer {
  let changed = Buffer.from(bytes);
  for (let times = 1 + rng.int(4); times > 0 && changed.length > 0; times -= 1) {
    const at = rng.int(changed.length);
    const length = 1 + rng.int(Math.min(40, changed.length - at));
    const before = changed.subarray(0, at);
    switch (rng.int(5)) {
      case 0:
        changed[at] = rng.int(256);
        break;
      case 1:
        changed = Buffer.concat([before, changed.subarray(at + length)]);
        break;
      case 2:
        changed = Buffer.from(before);
        break;
      case 3:
        changed = Buffer.concat([before, changed.subarray(at, at + length), changed.subarray(at)]);
        break;
      default:
        changed = Buffer.concat([before, Buffer.from(rng.pick(scraps)), changed.subarray(at)]);
    }
  }
  return changed;
}

const scraps = [
  '"',
  '\\',
  '{',
  ']',
  ',',
  '\n\n',
  '\r\n',
  'data: ',
  'event: error\n',
  '\u0000',
  'é',
  ': ping\n',
  'max_tokens',
];

interface Spot {
  readonly holder: object;
  readonly key: string | number;
}

function spotsOf(value: unknown, found: Spot[] = []): Spot[] {
  if (typeof value !== 'object' || value === null || found.length > 500) return found;
  for (const key of Object.keys(value)) {
    found.push({ holder: value, key });
    spotsOf((value as Record<string, unknown>)[key], found);
  }
  return found;
}
