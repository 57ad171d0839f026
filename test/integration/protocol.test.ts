import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/verify/random.ts';
import { checkProtocol } from '../verify/check-protocol.ts';
import { mutated, mutations, shortConfigurations } from '../verify/configurations.ts';
import type { Mutation, Protocol } from '../verify/protocol.ts';
import { describeStep, randomSchedule, replay } from '../verify/replay.ts';

const seed = Date.now() % 1_000_000_000;
const tiny: Protocol = {
  limit: 3,
  reserve: [1, 2],
  hold: [1, 2],
  turns: [1, 1],
  windowEnds: 0,
  cuts: false,
};

describe('the protocol of the ledger, in every order of its steps', () => {
  it.each(Object.entries(shortConfigurations))('holds: %s', (_name, protocol) => {
    const { counterexample, states, schedules } = checkProtocol(protocol);
    expect(counterexample).toBeNull();
    expect(states).toBeGreaterThan(1_000);
    expect(schedules).toBeGreaterThan(1_000_000n);
  });

  it('counts the same schedules with every state told apart', () => {
    const apart = checkProtocol(tiny, JSON.stringify);
    const together = checkProtocol(tiny);
    expect(apart.counterexample).toBeNull();
    expect(together.schedules).toBe(apart.schedules);
    expect(together.states).toBeLessThan(apart.states);
  });

  it('finds the bug when the in-flight mark is removed, by the shortest schedule', () => {
    const { counterexample } = checkProtocol(mutated('no-in-flight-mark'));
    expect(counterexample?.broken).toContain('usage was lost');
    expect(counterexample?.steps.map(describeStep)).toEqual([
      'process 0: reserve',
      'process 0: begin',
      'process 0: send 1',
    ]);
  });

  it.each(Object.keys(mutations) as Mutation[])('notices a broken rule: %s', (mutation) => {
    expect(checkProtocol(mutated(mutation)).counterexample).not.toBeNull();
  });

  it(`is what the SQLite ledger does, file and locks included (seed ${seed})`, async () => {
    const random = createRandom(seed);
    const protocol = { ...tiny, turns: [2, 2, 2], windowEnds: 1 };
    for (let n = 0; n < 40; n += 1) {
      const schedule = randomSchedule(protocol, random);
      expect(
        await replay(protocol, schedule),
        schedule.map(([step]) => describeStep(step)).join('\n'),
      ).toBeNull();
    }
  });
});
