import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from './Ledger.ts';
import { OwnerLock } from './sqlite/OwnerLock.ts';
import { applicationId, migrations } from './sqlite/schema.ts';
import { openSqliteLedger, type SqliteLedgerOptions } from './sqlite-ledger.ts';

const spec = { name: 'daily', limitTokens: 10_000, windowMs: 86_400_000, thresholdsPercent: [75] };
const usage = { inputTokens: 0, cacheCreationInputTokens: 0, cacheReadInputTokens: 0, outputTokens: 10 };

describe('the SQLite file', () => {
  let folder: string;
  let file: string;
  let opened: Ledger[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'teelamma-sqlite-'));
    file = join(folder, 'state', 'ledger.db');
    opened = [];
  });

  afterEach(async () => {
    // Those that a test has killed cannot be closed any more.
    await Promise.allSettled(opened.map((ledger) => ledger[Symbol.asyncDispose]()));
    await rm(folder, { recursive: true });
  });

  function open(options: Partial<SqliteLedgerOptions> = {}): Ledger {
    const ledger = openSqliteLedger(
      { file, budgets: () => [spec], ...options },
      { nowMs: Date.now, newId: randomUUID },
    );
    opened.push(ledger);
    return ledger;
  }

  const reserve = (ledger: Ledger, atLeastTokens: number) =>
    ledger.reserve({ taskId: 't', kind: 'complex', atLeastTokens });

  it('is private to its user, and so is everything beside it', async () => {
    await reserve(open(), 1);
    const names = await readdir(join(folder, 'state'));
    expect(names.sort()).toEqual(['ledger.db', 'ledger.db-shm', 'ledger.db-wal', 'owners']);
    if (process.platform === 'win32') return;
    for (const name of names.filter((one) => one !== 'owners')) {
      expect((await stat(join(folder, 'state', name))).mode & 0o777).toBe(0o600);
    }
    for (const path of [join(folder, 'state'), join(folder, 'state', 'owners')]) {
      expect((await stat(path)).mode & 0o777).toBe(0o700);
    }
  });

  it('is not touched before the first call', async () => {
    await open()[Symbol.asyncDispose]();
    expect(await readdir(folder)).toEqual([]);
  });

  it('that is corrupt is named and left as it is', async () => {
    await mkdir(join(folder, 'state'));
    await writeFile(file, 'this is no database, whatever its name says. '.repeat(50));
    const ledger = open();
    await expect(reserve(ledger, 1)).rejects.toMatchObject({ code: 'state-corrupt', isRetryable: false });
    await expect(reserve(ledger, 1)).rejects.toThrow(`mv "${file}"`);
    expect(() => ledger.snapshot()).toThrow(file);
    const health = await ledger.check();
    expect(health).toMatchObject({ ok: false, location: file });
    expect(health.problems[0]).toContain(file);
    expect((await stat(file)).size).toBe(50 * 45);
  });

  it('that belongs to another program is left alone', async () => {
    await mkdir(join(folder, 'state'));
    const other = new DatabaseSync(file);
    other.exec('CREATE TABLE theirs (a)');
    other.close();
    await expect(reserve(open(), 1)).rejects.toMatchObject({ code: 'state-corrupt' });
    await expect(reserve(open(), 1)).rejects.toThrow('something else');
  });

  it('of a newer version is left alone', async () => {
    await open().charge(1);
    const newer = new DatabaseSync(file);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    await expect(open().charge(1)).rejects.toThrow(/newer version.*Update/);
  });

  it('of the first version is migrated, with its window, its holds and its turns', async () => {
    await mkdir(join(folder, 'state'));
    const first = new DatabaseSync(file);
    first.exec(`${migrations[0]}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = 1`);
    first.exec(
      `INSERT INTO budget_window (seq, budget, start_ms, settled, held) VALUES (1, 'daily', ${Date.now()}, 70, 500)`,
    );
    first.exec(
      `INSERT INTO owner (seq, key, started_ms, after_reservation, after_turn) VALUES (1, 'gone', 1, 0, 0)`,
    );
    first.exec(`INSERT INTO reservation (owner, windows, task_id, kind, forced, granted, unsent, created_ms, charged)
      VALUES (1, '1', 'old', 'complex', 0, 570, 500, 1, 70)`);
    first.exec(`INSERT INTO turn (reservation, model, state, hold, charged, started_ms, settled_ms, input, output)
      VALUES (1, 'm', 1, 100, 70, 1, 2, 50, 20)`);
    first.close();
    const ledger = open();
    expect(ledger.snapshot()[0]).toMatchObject({ settledTokens: 70, heldTokens: 500 });
    expect((await ledger.history({}))[0]).toMatchObject({ taskId: 'old', chargedTokens: 70 });
    expect((await ledger.check()).problems).toEqual([]);
    expect(await reserve(ledger, 9_000)).toMatchObject({ granted: true });
    expect(ledger.snapshot()[0]).toMatchObject({ settledTokens: 70, heldTokens: 9_000 });
  });

  it('of the version before sums were kept newest first is migrated, with its tasks and what was summed', async () => {
    await mkdir(join(folder, 'state'));
    const before = new DatabaseSync(file);
    before.exec(
      `${migrations.slice(0, 4).join(';')}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = 4`,
    );
    const task = { taskId: 'old', model: 'qwen3:8b', startedAtMs: 5 };
    before
      .prepare('INSERT INTO task VALUES (?, 5, ?, ?, ?, ?, ?, NULL, ?)')
      .run('old', 'ollama-specialist', 'simple', 'cli', 'web', 'approved', JSON.stringify(task));
    const dayMs = 86_400_000;
    for (const day of [0, 1, 2, 3]) {
      before.exec(`INSERT INTO turn (reservation, model, state, hold, charged, started_ms, settled_ms, input, output, free_kind)
        VALUES (NULL, 'm', 1, 0, 10, ${day * dayMs}, 1, 7, 3, 'simple')`);
    }
    before.exec(`UPDATE usage_mark SET turn = 3;
      INSERT INTO usage_tier (seq, time_zone) VALUES (1, 'UTC');
      INSERT INTO usage_series VALUES (1, 'claude-specialist', 'm', '', 'simple', '', '')`);
    for (const tier of [0, 1]) {
      for (const day of [0, 1, 2]) {
        before.exec(`INSERT INTO usage_sum VALUES (${tier}, ${day * dayMs}, 1, 7, 0, 0, 0, 3, 10, 1)`);
      }
    }
    before.close();
    const ledger = open();
    expect(await ledger.tasks({ model: 'qwen3:8b', project: 'web' })).toEqual([task]);
    const days = await ledger.usage({ by: ['day', 'kind'] });
    expect(days.map(({ startMs, kind, turns }) => [startMs, kind, turns])).toEqual(
      [0, 1, 2, 3].map((day) => [day * dayMs, 'simple', 1]),
    );
    expect((await ledger.usage({}))[0]).toMatchObject({ turns: 4, inputTokens: 28, chargedTokens: 40 });
  });

  it("gives what it is used for the object's own scope, where the call does not say otherwise", async () => {
    const perDoor = { ...spec, each: 'door' } as const;
    const ledger = open({ budgets: () => [perDoor], scope: { door: 'mcp', user: 'ann' } });
    await ledger.charge(5);
    await ledger.charge(6, { door: 'cli' });
    const counted = ledger.snapshot().map((one) => [one.each?.value, one.settledTokens]);
    expect(counted).toEqual([
      ['cli', 6],
      ['mcp', 5],
    ]);
    await ledger.recordTurn({
      turnId: 'x',
      taskId: 't',
      kind: 'k',
      agent: 'a',
      model: 'm',
      usage,
      latencyMs: 0,
    });
    expect((await ledger.history({}))[0]?.scope).toEqual({ door: 'mcp', user: 'ann' });
  });

  it('whose sums were changed by hand fails the check', async () => {
    const ledger = open();
    await ledger.charge(50);
    expect((await ledger.check()).ok).toBe(true);
    const hand = new DatabaseSync(file);
    hand.exec('UPDATE budget_window SET settled = 1');
    hand.close();
    const health = await ledger.check();
    expect(health.ok).toBe(false);
    expect(health.problems[0]).toMatch(/says 1 settled.*add up to 50 settled/);
  });

  it('that cannot be made, since its folder is a file, is an error that says so', async () => {
    await writeFile(join(folder, 'state'), '');
    await expect(reserve(open(), 1)).rejects.toMatchObject({ code: 'state-unwritable' });
    await expect(reserve(open(), 1)).rejects.toThrow(file);
  });

  it('that stays locked by another process is a retryable error, and nothing is held', async () => {
    const ledger = open({ busyTimeoutMs: 60 });
    await ledger.charge(5);
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(reserve(ledger, 100)).rejects.toMatchObject({ code: 'ledger-busy', isRetryable: true });
    expect(ledger.snapshot()[0]).toMatchObject({ settledTokens: 5, heldTokens: 0 });
    const waiting = reserve(open(), 100);
    setTimeout(() => other.exec('ROLLBACK'), 50);
    expect((await waiting).granted).toBe(true);
    other.close();
  });

  it('keeps the limit when the disk is full in the middle, and works again with space', async () => {
    const ledger = open({ budgets: () => [{ ...spec, limitTokens: 1e9 }] });
    const first = await ledger.reserve({
      taskId: 't',
      kind: 'k',
      atLeastTokens: 7,
      firstTurn: { model: 'm' },
    });
    if (!first.granted) throw new Error('refused');
    const limits = limitPages(ledger, 0);
    let refused: unknown;
    let granted = 1;
    try {
      for (; granted < 500; granted += 1) {
        const result = await ledger.reserve({ taskId: 't'.repeat(900), kind: 'k', atLeastTokens: 7 });
        expect(result.granted).toBe(true);
      }
    } catch (error) {
      refused = error;
    }
    expect(refused).toMatchObject({ code: 'state-unwritable' });
    expect(String(refused)).toContain('disk is full');
    expect(ledger.snapshot()[0]?.heldTokens).toBe(granted * 7);
    const settled = await ledger.settleTurn(first.firstTurn?.turnId ?? '', { kind: 'usage', usage });
    expect(settled.changed).toBe(true);
    limits.lift();
    expect((await reserve(ledger, 1)).granted).toBe(true);
    expect((await ledger.check()).problems).toEqual([]);
  });

  it('spares the neighbours of an operation that the disk has no space for', async () => {
    const ledger = open();
    await ledger.charge(1);
    limitPages(ledger, 3);
    const [small, huge, last] = await Promise.allSettled([
      reserve(ledger, 10),
      ledger.reserve({ taskId: 'x'.repeat(50_000), kind: 'k', atLeastTokens: 100 }),
      ledger.charge(1_000),
    ]);
    expect([small.status, huge.status, last.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(ledger.snapshot()[0]).toMatchObject({ heldTokens: 10, settledTokens: 1_001 });
  });

  it('recovers what a dead owner left, once, however many look', async () => {
    const dead = open();
    await dead.reserve({ taskId: 't', kind: 'k', atLeastTokens: 700 });
    await dead.reserve({ taskId: 't', kind: 'k', atLeastTokens: 300, firstTurn: { model: 'm' } });
    await killOwners(dead, folder);
    const [one, two] = [open(), open()];
    const reports = await Promise.all([one.recover(), two.recover(), one.recover()]);
    const owners = reports[0].deadOwners + reports[1].deadOwners;
    expect(owners).toBe(1);
    expect(one.snapshot()[0]).toMatchObject({ settledTokens: 300, heldTokens: 0 });
    expect(await readdir(join(folder, 'state', 'owners'))).toEqual([]);
    expect(await two.recover()).toMatchObject({ deadOwners: 0, releasedTokens: 0 });
  });

  it('frees the holds of the dead before it refuses for them', async () => {
    const living = open();
    await reserve(living, 1);
    const dead = open();
    await reserve(dead, 9_999);
    expect(await reserve(living, 2)).toMatchObject({ granted: false, cause: 'held' });
    await killOwners(dead, folder);
    expect((await reserve(living, 9_999)).granted).toBe(true);
  });

  it('takes a living owner of the same process for what it is', async () => {
    const lock = OwnerLock.create(join(folder, 'owners'), () => 'one');
    expect(OwnerLock.takeOver(join(folder, 'owners'), 'one')).toBeNull();
    lock.release();
    expect(OwnerLock.takeOver(join(folder, 'owners'), 'one')).not.toBeNull();
  });
});

/** Lets the file of an open ledger grow by so many pages, as a disk that is nearly full would. */
function limitPages(ledger: Ledger, more: number): { lift(): void } {
  const db = databaseOf(ledger);
  const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count']);
  db.exec(`PRAGMA max_page_count = ${pages + more}`);
  return { lift: () => db.exec('PRAGMA max_page_count = 1000000') };
}

function databaseOf(ledger: Ledger): DatabaseSync {
  return (ledger as unknown as { opened: { db: DatabaseSync } }).opened.db;
}

/** Drops an owner's lock as the end of its process would; src/verify/ does it with real processes. */
async function killOwners(dead: Ledger, folder: string): Promise<void> {
  const { owner } = (dead as unknown as { opened: { owner: { lock: { db: DatabaseSync } } } }).opened;
  owner.lock.db.close();
  expect((await readdir(join(folder, 'state', 'owners'))).length).toBeGreaterThan(0);
}
