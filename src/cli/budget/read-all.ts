import type { HistoryQuery, Ledger, TurnRecord } from '../../state/Ledger.ts';
import type { TaskQuery, TaskRecord } from '../../state/TaskRecord.ts';

/** Rows that are read at once: some megabytes, whatever the ledger holds. */
const pageRows = 2_000;

/** Every turn that matches, newest first, page by page. */
export async function* allTurns(ledger: Ledger, query: HistoryQuery): AsyncGenerator<TurnRecord> {
  yield* pages((after: TurnRecord | undefined) =>
    ledger.history({ ...query, limit: pageRows, ...(after && { after }) }),
  );
}

/** Every task that matches, newest first, page by page. */
export async function* allTasks(ledger: Ledger, query: TaskQuery): AsyncGenerator<TaskRecord> {
  yield* pages((after: TaskRecord | undefined) =>
    ledger.tasks({ ...query, limit: pageRows, ...(after && { after }) }),
  );
}

async function* pages<T>(read: (after: T | undefined) => Promise<readonly T[]>): AsyncGenerator<T> {
  let after: T | undefined;
  for (;;) {
    const page = await read(after);
    yield* page;
    after = page.at(-1);
    if (page.length < pageRows) return;
  }
}
