import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Critic } from '../../src/agents/Critic.ts';
import type { App, TaskEvent, TaskResult } from '../../src/index.ts';
import { Pipeline } from '../../src/pipeline.ts';
import { CoolDown } from '../../src/state/CoolDown.ts';
import type { Ledger } from '../../src/state/Ledger.ts';
import { Turn } from '../../src/turn.ts';
import { type Installation, startInstallation } from '../support/installation.ts';

const complexTask = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';
/** Its first answer does not parse; the request for repair is answered well. */
const brokenFirst = `${complexTask} [[sim:broken-code]]`;

describe('a task that begins on Claude', () => {
  let installation: Installation;
  /** What the ledger has learnt of such tasks: six that were approved at once. */
  let neededTokens: number;

  beforeEach(async () => {
    installation = await startInstallation();
    const app = await installation.open({ TEELAMMA_BUDGET: '1M' });
    for (let n = 0; n < 6; n += 1) await app.pipeline.executeTask(`${complexTask} [[sim:tokens=700]]`);
    const { reason, estimatedTokens } = (await app.coordinator.admit(complexTask)).decision;
    neededTokens = Number(/about ([\d,]+) tokens needed to finish/.exec(reason)?.[1]?.replaceAll(',', ''));
    expect(neededTokens).toBeGreaterThan(2 * estimatedTokens);
    await app.ledger.reset();
    await app[Symbol.asyncDispose]();
  });

  afterEach(() => installation[Symbol.asyncDispose]());

  it('is not begun there where it could not be finished, with both figures; one token more and it is', async () => {
    const short = await installation.open({ TEELAMMA_BUDGET: String(neededTokens - 1) });
    const refused = await short.pipeline.executeTask(complexTask);
    expect(refused.agent).toBe('ollama-specialist');
    expect(refused.decision.reason).toMatch(/^Token budget too low/);
    const figures = [...refused.decision.reason.matchAll(/[\d,]{3,}/g)].map(([text]) =>
      Number(text.replace(/,/g, '')),
    );
    expect(figures).toEqual(expect.arrayContaining([neededTokens - 1, neededTokens]));

    const enough = await installation.open({ TEELAMMA_BUDGET: String(neededTokens) });
    expect(
      (await enough.pipeline.executeTask(brokenFirst)).turns.map((turn) => [turn.agent, turn.purpose]),
    ).toEqual([
      ['claude-specialist', 'answer'],
      ['claude-specialist', 'repair'],
    ]);
  });

  it('is finished there, whatever others take meanwhile', async () => {
    const app = await installation.open({ TEELAMMA_BUDGET: String(2 * neededTokens + 500) });
    const results = await runBesideRivals(app, app.ledger);
    const begun = results.filter(({ decision }) => decision.targetAgent === 'claude-specialist');
    expect(begun).toHaveLength(2);
    for (const { handovers, turns } of begun) {
      expect(handovers).toEqual([]);
      expect(turns.map(({ agent, purpose }) => [agent, purpose])).toEqual([
        ['claude-specialist', 'answer'],
        ['claude-specialist', 'repair'],
      ]);
    }
    const { settledTokens, heldTokens, limitTokens } = app.ledger.snapshot()[0] ?? expect.fail('no budget');
    expect(settledTokens + heldTokens).toBeLessThanOrEqual(limitTokens);
  });

  it('would have to change to Ollama in the middle if what a turn gives back were free for all', async () => {
    const app = await installation.open({ TEELAMMA_BUDGET: String(2 * neededTokens + 500) });
    const results = await runBesideRivals(app, givingBackAtOnce(app.ledger));
    const begun = results.filter(({ decision }) => decision.targetAgent === 'claude-specialist');
    expect(begun.flatMap(({ handovers }) => handovers.map(({ to }) => to))).toContain('ollama-specialist');
  });

  it('leaves enough for its repair, also where its first answer takes all that it may', async () => {
    const app = await installation.open({ TEELAMMA_BUDGET: String(neededTokens) });
    const result = await app.pipeline.executeTask(`${complexTask} [[sim:tokens=9000]]`);
    expect(result.turns.map(({ agent, purpose }) => [agent, purpose])).toEqual([
      ['claude-specialist', 'answer'],
      ['claude-specialist', 'repair'],
    ]);
    expect(result.handovers).toEqual([]);
    const [first] = result.turns;
    expect(first?.heldTokens).toBeLessThan(neededTokens / 2);
  });
});

/** Four tasks at once, and after each first answer somebody who takes all that is free, before the task can go on. */
async function runBesideRivals(app: App, ledger: Ledger): Promise<TaskResult[]> {
  const { config, claude, ollama, log, router } = app;
  const { MetaCoordinator } = await import('../../src/agents/MetaCoordinator.ts');
  const ports = {
    ledger,
    log,
    newId: () => crypto.randomUUID(),
    nowMs: Date.now,
    sleep: async () => undefined,
  };
  const coolDown = new CoolDown(
    { file: config.paths.coolDownFile },
    { ...ports, onProblem: () => undefined },
  );
  const pipeline = new Pipeline(
    {
      maxTokens: config.claude.maxTokens,
      repairRounds: 1,
      workspace: { maxTurns: 1, maxTokens: 1_000, timeLimitMs: 60_000, closedFolders: [] },
    },
    {
      coordinator: new MetaCoordinator({}, { ...ports, router }),
      turn: new Turn({}, { ...ports, claude, ollama, coolDown }),
      critic: new Critic(),
      ledger,
      log,
      nowMs: Date.now,
    },
  );
  const rivals: Promise<unknown>[] = [];
  const onEvent = (event: TaskEvent) => {
    if (event.type !== 'turn-settled' || event.turn.purpose !== 'answer') return;
    rivals.push(
      app.ledger.reserve({ taskId: 'rival', kind: 'rival', atLeastTokens: 1, atMostTokens: 1_000_000 }),
    );
  };
  const running = Array.from({ length: 4 }, () => pipeline.executeTask(brokenFirst, undefined, { onEvent }));
  const results = await Promise.all(running);
  await Promise.all(rivals);
  expect(rivals.length).toBeGreaterThanOrEqual(2);
  return results;
}

/** The ledger without the rule: the first turn that settles takes its reservation's promise with it. */
function givingBackAtOnce(ledger: Ledger): Ledger {
  const reservationOf = new Map<string, string>();
  return new Proxy(ledger, {
    get(target, name) {
      if (name === 'beginTurn') {
        return async (request: Parameters<Ledger['beginTurn']>[0]) => {
          const begun = await target.beginTurn(request);
          if (begun.granted) reservationOf.set(begun.turnId, request.reservationId);
          return begun;
        };
      }
      if (name === 'settleTurn') {
        return async (...[turnId, outcome]: Parameters<Ledger['settleTurn']>) => {
          const closed = target.close(reservationOf.get(turnId) ?? '', { isWholeTask: false });
          const [settled] = await Promise.all([target.settleTurn(turnId, outcome), closed]);
          return settled;
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
