import type { Mutation, Protocol } from './protocol.ts';

/** A limit that two tasks of the three fill, so that the third is refused, and granted again when something comes back. */
const small = { limit: 3, reserve: [1, 2], hold: [1, 2], windowEnds: 0, cuts: false } as const;

/** What `npm run verify` looks at in full, with a crash possible before and after every step. Processes of one entry are alike. */
export const configurations: Readonly<Record<string, Protocol>> = {
  'three processes, one turn each': { ...small, turns: [1, 1, 1] },
  'three processes, one turn each, and the window ends': { ...small, turns: [1, 1, 1], windowEnds: 1 },
  'two processes, two turns each, and the window ends': { ...small, turns: [2, 2], windowEnds: 1 },
  'two processes, and connections are cut (Postgres)': { ...small, turns: [1, 1], windowEnds: 1, cuts: true },
};

/** The short form for the tests: two processes, the same steps. */
export const shortConfigurations: Readonly<Record<string, Protocol>> = {
  'two processes, the window ends': { ...small, turns: [1, 1], windowEnds: 1 },
  'two processes, two turns': { ...small, turns: [2, 2] },
  'two processes, connections are cut': { ...small, turns: [1, 1], cuts: true },
};

/** Each mutation breaks one rule; what the rule is for, in words. */
export const mutations: Readonly<Record<Mutation, string>> = {
  'no-in-flight-mark': 'a turn is sent without being marked as in flight',
  'send-before-hold': 'a turn is sent before its hold is durable',
  'recovery-frees-in-flight': 'recovery frees what was in flight',
  'holds-expire': 'a hold is freed because it is old',
  'settle-counts-twice': 'a settle that is repeated counts again',
  'recovery-trusts-what-it-saw': 'recovery frees what it read before its transaction',
  'check-before-the-lock': 'the limit is checked before the write lock is taken',
  'unknown-is-free': 'a turn whose usage nobody knows is freed',
};

export function mutated(mutation: Mutation): Protocol {
  return { ...small, turns: [1, 1, 1], mutation };
}
