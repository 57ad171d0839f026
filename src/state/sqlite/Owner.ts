import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { codeOf } from '../../errors.ts';
import type { RecoveryReport } from '../Ledger.ts';
import { OwnerLock } from './OwnerLock.ts';
import { abandon } from './operations.ts';
import { turnState } from './rows.ts';
import type { UnitOfWork } from './UnitOfWork.ts';

/** A stray lock file, of a process that died just before its first hold or during a recovery, is removed when it is this old. */
const strayAgeMs = 60 * 60 * 1000;

/** Nothing was there to recover. */
export const nothingRecovered: RecoveryReport = {
  deadOwners: 0,
  assumedTurns: 0,
  assumedTokens: 0,
  releasedTokens: 0,
};

interface OwnerColumns {
  readonly seq: number;
  readonly key: string;
  readonly after_reservation: number;
  readonly after_turn: number;
}

/** An owner that is gone, and the lock that was taken over from it so that nobody else resolves it at the same time. */
interface DeadOwner {
  readonly seq: number;
  readonly lock: { release(): void };
  readonly reservations: readonly number[];
  readonly turns: readonly { readonly turn: number; readonly reservation: number }[];
}

/**
 * The owner that this ledger object is for its reservations, and the search for owners that are gone. An owner is a row in the
 * ledger (durable with its first hold) and a locked file (its sign of life, see OwnerLock) under the same key.
 */
export class Owner {
  private readonly db: DatabaseSync;
  private readonly folder: string;
  private readonly newId: () => string;
  private lock: OwnerLock | null = null;
  private seq: number | null = null;
  /** Whether the row's transaction has committed. */
  private isDurable = false;

  constructor(db: DatabaseSync, ledgerFile: string, newId: () => string) {
    this.db = db;
    this.folder = join(dirname(ledgerFile), 'owners');
    this.newId = newId;
  }

  /** Within a transaction: the number to reserve under. The first call takes the lock and writes the row. */
  use(work: UnitOfWork): number {
    if (this.seq !== null) return this.seq;
    this.lock ??= OwnerLock.create(this.folder, this.newId);
    const row = this.db
      .prepare(`INSERT INTO owner (key, started_ms, after_reservation, after_turn) VALUES (?, ?,
          (SELECT coalesce(max(seq), 0) FROM reservation), (SELECT coalesce(max(seq), 0) FROM turn))`)
      .run(this.lock.key, work.nowMs);
    this.seq = Number(row.lastInsertRowid);
    this.isDurable = false;
    return this.seq;
  }

  committed(): void {
    if (this.seq !== null) this.isDurable = true;
  }

  rolledBack(): void {
    if (!this.isDurable) this.seq = null;
  }

  /** Owners that are gone, each with its lock taken over: release every one of them. */
  takeOverDead(nowMs: number): DeadOwner[] {
    const owners = this.openOwners().filter(({ seq }) => seq !== this.seq);
    const dead: DeadOwner[] = [];
    try {
      for (const owner of owners) {
        const lock = OwnerLock.takeOver(this.folder, owner.key);
        if (lock) dead.push({ seq: owner.seq, lock, ...this.openRows(owner) });
      }
    } catch (error) {
      for (const { lock } of dead) lock.release();
      throw error;
    }
    this.removeStrayFiles(owners, nowMs);
    return dead;
  }

  /** Within a transaction: resolves what an owner left. Null where another process has done it in between. */
  resolve(work: UnitOfWork, owner: Omit<DeadOwner, 'lock'>, reason: string): RecoveryReport | null {
    const ended = this.db
      .prepare('UPDATE owner SET ended_ms = ? WHERE seq = ? AND ended_ms IS NULL')
      .run(work.nowMs, owner.seq);
    if (Number(ended.changes) === 0) return null;
    const report = { deadOwners: 1, assumedTurns: 0, assumedTokens: 0, releasedTokens: 0 };
    const reservations = new Set([
      ...owner.reservations,
      ...owner.turns.map(({ reservation }) => reservation),
    ]);
    for (const seq of reservations) {
      const row = work.reservation(seq);
      if (!row) continue;
      const turns = owner.turns.filter(({ reservation }) => reservation === seq);
      const rows = turns.flatMap(({ turn }) => work.turn(turn) ?? []);
      const abandoned = abandon(work, row, rows, reason);
      report.assumedTurns += abandoned.assumedTurns;
      report.assumedTokens += abandoned.assumedTokens;
      report.releasedTokens += abandoned.releasedTokens;
    }
    work.isChanged = true;
    return report;
  }

  /** This object's own row, with what it has open; null where it never held anything. */
  own(): Omit<DeadOwner, 'lock'> | null {
    const row = this.openOwners().find(({ seq }) => seq === this.seq);
    return row ? { seq: row.seq, ...this.openRows(row) } : null;
  }

  /** Gives up the sign of life. */
  release(): void {
    this.lock?.release();
    this.lock = null;
    this.seq = null;
  }

  private openOwners(): OwnerColumns[] {
    return this.db
      .prepare(
        'SELECT seq, key, after_reservation, after_turn FROM owner WHERE ended_ms IS NULL ORDER BY seq',
      )
      .all() as unknown as OwnerColumns[];
  }

  /** Read outside of the write lock: the owner is gone, so nothing is added any more. */
  private openRows(owner: OwnerColumns): Pick<DeadOwner, 'reservations' | 'turns'> {
    const reservations = this.db
      .prepare('SELECT seq FROM reservation WHERE seq > ? AND owner = ? AND closed_ms IS NULL')
      .all(owner.after_reservation, owner.seq);
    const turns = this.db
      .prepare(`SELECT turn.seq AS turn, turn.reservation FROM turn JOIN reservation ON reservation.seq = turn.reservation
          WHERE turn.seq > ? AND turn.state = ${turnState.inFlight} AND reservation.owner = ?`)
      .all(owner.after_turn, owner.seq);
    return {
      reservations: reservations.map((row) => Number(row['seq'])),
      turns: turns.map((row) => ({ turn: Number(row['turn']), reservation: Number(row['reservation']) })),
    };
  }

  private removeStrayFiles(owners: readonly OwnerColumns[], nowMs: number): void {
    const known = new Set(owners.map(({ key }) => key));
    if (this.lock) known.add(this.lock.key);
    for (const name of listFolder(this.folder)) {
      const key = name.replace(/\.db$/, '');
      if (known.has(key) || key === name || !isOlder(join(this.folder, name), nowMs - strayAgeMs)) continue;
      OwnerLock.takeOver(this.folder, key)?.release();
    }
  }
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A file that another process removed in between is no longer old. */
function isOlder(file: string, timeMs: number): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY) < timeMs;
}
