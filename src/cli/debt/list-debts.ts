import { loadConfig } from '../../config/load-config.ts';
import { type DebtEntry, doubtOf } from '../../pipeline/debt/DebtEntry.ts';
import { DebtStore } from '../../pipeline/debt/DebtStore.ts';
import type { CliContext } from '../CliContext.ts';
import { formatShortMoment } from '../format-time.ts';
import { writeJson, writeLine, writeNote, writeTable } from '../output.ts';
import { printable } from '../printable.ts';

/** What is owed, what the critic doubts most first. */
export function listDebts(context: CliContext, json: boolean): void {
  const { store, isEnabled } = openStore(context);
  const debts = store.list();
  if (json) {
    writeJson(context, { debts: debts.map(debtDocument), enabled: isEnabled });
    return;
  }
  if (debts.length === 0) {
    writeLine(
      context,
      isEnabled ? 'Nothing is owed.' : 'Nothing is owed, and nothing is kept (debt.enabled is false).',
    );
    return;
  }
  writeTable(
    context,
    [
      { title: 'ID' },
      { title: 'WHEN' },
      { title: 'DOUBT', align: 'right' },
      { title: 'CRITIC' },
      { title: 'CLAUDE' },
      { title: 'TASK', flexible: true },
    ],
    debts.map((debt) => [
      debt.taskId.slice(0, 8),
      formatShortMoment(debt.atMs, context.timeZone),
      doubtOf(debt).toFixed(2),
      debt.verdict.outcome,
      debt.review?.outcome ?? '-',
      printable(debt.task.trim().split('\n')[0] ?? ''),
    ]),
  );
}

/** One of them, as it was kept. */
export function showDebt(context: CliContext, id: string, json: boolean): void {
  const debt = openStore(context).store.find(id);
  if (json) {
    writeJson(context, { ...debtDocument(debt), task: debt.task, answer: debt.answer, files: debt.files });
    return;
  }
  const { bold } = context.style;
  const diff = debt.files.map((file) => file.diff).join('');
  writeLine(context, `${bold('Task')}\n${printable(debt.task.trim())}\n`);
  writeLine(context, `${bold(`Answer of ${debt.model}`)}\n${printable(debt.answer.trim())}\n`);
  if (diff !== '') writeLine(context, `${bold('Changes')}\n${printable(diff)}`);
  for (const line of findings(debt)) writeLine(context, line);
}

/** Forgets one. */
export function dropDebt(context: CliContext, id: string, json: boolean): void {
  const { store } = openStore(context);
  const { taskId } = store.find(id);
  store.drop(taskId);
  if (json) writeJson(context, { dropped: taskId });
  else writeNote(context, `Dropped ${taskId.slice(0, 8)}, and its answer.`);
}

/** What is said of a debt, without the task and the answer. */
export function debtDocument(debt: DebtEntry): Record<string, unknown> {
  const { version: _version, task, answer, files, ...rest } = debt;
  const paths = files.map(({ path, status }) => ({ path, status }));
  return {
    ...rest,
    doubt: doubtOf(debt),
    files: paths,
    taskLength: task.length,
    answerLength: answer.length,
  };
}

/** Why it is owed, what the critic found and what Claude says, for people. */
export function findings({ reason, verdict, review }: DebtEntry): string[] {
  return [
    `Owed because: ${reason}`,
    `Critic: ${verdict.outcome}`,
    ...verdict.issues.map(({ severity, message }) => `  ${severity}: ${printable(message)}`),
    ...(review === null
      ? ['Claude has not reviewed it.']
      : [
          `Claude (${review.model}, ${review.chargedTokens} tokens): ${review.outcome}. ${printable(review.summary)}`,
          ...review.issues.map(({ message, file, line }) => {
            const place = file === '' ? '' : `${file}${line > 0 ? `:${line}` : ''}: `;
            return `  ${printable(place + message)}`;
          }),
        ]),
  ];
}

function openStore({ environment, nowMs }: CliContext): { store: DebtStore; isEnabled: boolean } {
  const { debt, paths } = loadConfig(environment).config;
  const store = new DebtStore({ folder: paths.debtFolder, keepMs: debt.keepMs }, { nowMs });
  return { store, isEnabled: debt.enabled };
}
