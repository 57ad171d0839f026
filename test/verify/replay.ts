import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { noUsage } from '../../src/messages/token-usage.ts';
import type { BudgetSpec, TurnOutcome } from '../../src/state/Ledger.ts';
import { openConnection } from '../../src/state/sqlite/connection.ts';
import { Owner } from '../../src/state/sqlite/Owner.ts';
import * as operations from '../../src/state/sqlite/operations.ts';
import { UnitOfWork } from '../../src/state/sqlite/UnitOfWork.ts';
import { turnStateNames } from '../../src/state/turn-record.ts';
import { initialState, nextSteps, type Process, type Protocol, type State, type Step } from './protocol.ts';

/** One schedule: the steps in their order, each with the state that it leads to. */
export type Schedule = readonly (readonly [Step, State])[];

/** A schedule from the start to its end, chosen at random among all that the protocol allows. */
export function randomSchedule(protocol: Protocol, random: () => number): Schedule {
  const steps: [Step, State][] = [];
  for (let state = initialState(protocol); ; ) {
    const next = nextSteps(protocol, state);
    const chosen = next[Math.floor(random() * next.length)];
    if (!chosen) return steps;
    steps.push(chosen);
    state = chosen[1];
  }
}

/**
 * Runs a schedule on the real thing: the product's operations and owners, each process with its own connection to one SQLite file and
 * its own lock, ended where it crashes. Gives the first difference between file and model, in words, or null.
 */
export async function replay(protocol: Protocol, schedule: Schedule): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'teelamma-replay-'));
  const real = new RealProcesses(join(folder, 'ledger.db'), protocol);
  try {
    for (const [index, [step, state]] of schedule.entries()) {
      real.do(step, state);
      const difference = real.compare(state);
      if (difference !== null) return `step ${index + 1}, ${describeStep(step)}: ${difference}`;
    }
    return null;
  } finally {
    real.end();
    await rm(folder, { recursive: true, force: true });
  }
}

export function describeStep({ who, name, value }: Step): string {
  if (who < 0) return 'the window ends';
  return `process ${who}: ${name}${value === undefined ? '' : ` ${value}`}`;
}

const windowMs = 1_000;
const startMs = Date.UTC(2028, 1, 28, 12);

interface RealProcess {
  readonly db: DatabaseSync;
  readonly work: UnitOfWork;
  readonly owner: Owner;
  taken: ReturnType<Owner['takeOverDead']>[number] | null;
  isOpen: boolean;
}

class RealProcesses {
  private readonly budgets: readonly BudgetSpec[];
  private readonly protocol: Protocol;
  private readonly reader: DatabaseSync;
  private readonly processes: readonly RealProcess[];
  private readonly crashed: (() => void)[] = [];
  private nowMs = startMs;

  constructor(file: string, protocol: Protocol) {
    this.protocol = protocol;
    this.budgets = [
      { name: 'daily', limitTokens: protocol.limit, windowMs, thresholdsPercent: [75, 90, 100] },
    ];
    const options = { file, synchronous: 'normal', busyTimeoutMs: 1_000 } as const;
    this.reader = openConnection(options);
    this.processes = protocol.turns.map(() => {
      const db = openConnection(options);
      const work = new UnitOfWork(db);
      return { db, work, owner: new Owner(db, file, randomUUID), taken: null, isOpen: true };
    });
  }

  do({ who, name, value }: Step, after: State): void {
    if (who < 0) {
      this.nowMs += windowMs;
      return;
    }
    const one = this.get(who);
    const { reserve, hold } = this.protocol;
    switch (name) {
      case 'reserve':
        this.transact(one, (work) =>
          operations.reserve(
            work,
            {
              taskId: 't',
              kind: 'k',
              reservationId: `task-${who}`,
              atLeastTokens: reserve[0],
              atMostTokens: reserve[1],
            },
            null,
            (used) => one.owner.use(used),
          ),
        );
        return;
      case 'begin': {
        const mine = after.processes[who];
        const turnId = turnIdOf(who, (mine?.turns.length ?? 0) + (mine?.at === 'begun' ? 0 : 1));
        const begun = this.transact(one, (work) =>
          operations.beginTurn(work, {
            reservationId: `task-${who}`,
            turnId,
            atLeastTokens: hold[0],
            atMostTokens: hold[1],
            model: 'm',
          }),
        );
        // The product closes the task when its turn is refused; the model does both in one step.
        if ('granted' in begun) this.close(one, who);
        return;
      }
      case 'settle': {
        const turns = after.processes[who]?.turns ?? [];
        const outcome = outcomeOf(turns.at(-1)?.outcome ?? 'unknown', turns.at(-1)?.provider ?? 0);
        this.transact(one, (work) => operations.settleTurn(work, turnIdOf(who, turns.length), outcome));
        return;
      }
      case 'close':
        this.close(one, who);
        return;
      case 'leave':
        this.leave(one);
        return;
      case 'crash':
        this.crash(one);
        return;
      case 'take':
        one.taken = this.take(one, value ?? -1);
        return;
      case 'resolve':
        if (one.taken) {
          const { taken } = one;
          this.transact(one, (work) => one.owner.resolve(work, taken, 'its process ended'));
        }
        return;
      case 'release':
        one.taken?.lock.release();
        one.taken = null;
        return;
      default:
      // What a process does without the ledger.
    }
  }

  /** Whether the file says what the model says: sums, reservations, turns. */
  compare(state: State): string | null {
    const said = JSON.stringify(this.stored());
    const expected = JSON.stringify(expectedRows(state));
    return said === expected ? null : `the file has ${said}, the model ${expected}`;
  }

  end(): void {
    for (const one of this.processes) if (one.isOpen) this.crash(one);
    for (const close of this.crashed) close();
    this.reader.close();
  }

  private stored(): unknown {
    const windows = this.reader
      .prepare('SELECT start_ms, settled, held FROM budget_window ORDER BY seq')
      .all();
    const reservations = this.reader
      .prepare('SELECT own_id, unsent, charged, closed_ms FROM reservation ORDER BY own_id')
      .all();
    const turns = this.reader.prepare('SELECT own_id, state, hold, charged FROM turn ORDER BY own_id').all();
    return {
      windows: windows.map((row) => [
        (Number(row['start_ms']) - startMs) / windowMs,
        row['settled'],
        row['held'],
      ]),
      reservations: reservations.map((row) => [
        row['own_id'],
        row['unsent'],
        row['charged'],
        row['closed_ms'] !== null,
      ]),
      turns: turns.map((row) => [
        row['own_id'],
        turnStateNames[Number(row['state'])],
        row['hold'],
        row['charged'],
      ]),
    };
  }

  private transact<T>(one: RealProcess, operation: (work: UnitOfWork) => T): T {
    one.db.exec('BEGIN IMMEDIATE');
    one.work.start(this.nowMs, this.budgets);
    const value = operation(one.work);
    one.work.flush();
    one.db.exec('COMMIT');
    one.owner.committed();
    return value;
  }

  private close(one: RealProcess, who: number): void {
    this.transact(one, (work) => {
      const reservation = work.findReservation(`task-${who}`);
      if (reservation) operations.closeReservation(work, reservation);
    });
  }

  private leave(one: RealProcess): void {
    const own = one.owner.own();
    if (own) this.transact(one, (work) => one.owner.resolve(work, own, 'it left'));
    one.owner.release();
    one.db.close();
    one.isOpen = false;
  }

  /** What the end of a process does: its locks go, its files stay. */
  private crash(one: RealProcess): void {
    const { lock } = one.owner as unknown as { lock: { db: DatabaseSync } | null };
    lock?.db.close();
    const taken = one.taken?.lock as unknown as { db?: DatabaseSync } | undefined;
    taken?.db?.close();
    one.taken = null;
    one.db.close();
    one.isOpen = false;
  }

  /** Takes over the dead process `of` alone, so that the schedule says who recovers whom. */
  private take(one: RealProcess, of: number): RealProcess['taken'] {
    const row = this.reader.prepare('SELECT owner FROM reservation WHERE own_id = ?').get(`task-${of}`);
    const dead = one.owner.takeOverDead(this.nowMs);
    for (const each of dead) if (each.seq !== row?.['owner']) each.lock.release();
    return dead.find(({ seq }) => seq === row?.['owner']) ?? null;
  }

  private get(who: number): RealProcess {
    const one = this.processes[who];
    if (!one) throw new Error(`There is no process ${who}`);
    return one;
  }
}

/** Windows begin with their first use, so one that nobody used is not in the file. */
function expectedRows({ sums, processes }: State): unknown {
  const used = new Set(processes.flatMap(({ reservation }) => reservation?.window ?? []));
  return {
    windows: [...sums.entries()]
      .filter(([window]) => used.has(window))
      .map(([window, { settled, held }]) => [window, settled, held]),
    reservations: [...processes.entries()].flatMap(([who, { reservation }]) =>
      reservation ? [[`task-${who}`, reservation.unsent, reservation.charged, reservation.isClosed]] : [],
    ),
    turns: [...processes.entries()].flatMap(([who, one]) => turnRows(who, one)),
  };
}

function turnRows(who: number, { turns }: Process): unknown[] {
  return turns.map(({ state, hold, charged }, index) => [turnIdOf(who, index + 1), state, hold, charged]);
}

function turnIdOf(who: number, number: number): string {
  return `turn-${who}-${number}`;
}

function outcomeOf(kind: TurnOutcome['kind'], tokens: number): TurnOutcome {
  return kind === 'usage'
    ? { kind, usage: { ...noUsage, outputTokens: tokens } }
    : { kind, reason: 'the model says so' };
}
