import { type DebtEntry, doubtOf } from '../../pipeline/debt/DebtEntry.ts';
import type { DashboardPorts } from '../DashboardPorts.ts';
import type { DebtsDocument, DebtView } from './api-types.ts';

const longestTitle = 120;

/** What is owed, what the critic doubts most first; without the task and the answer but for the task's first line. */
export function readDebts({ debts }: DashboardPorts): DebtsDocument {
  return { debts: debts.list().map(debtView) };
}

function debtView(debt: DebtEntry): DebtView {
  const { review, verdict } = debt;
  const [line = ''] = debt.task.trim().split('\n');
  return {
    taskId: debt.taskId,
    atMs: debt.atMs,
    expiresAtMs: debt.expiresAtMs,
    doubt: Math.round(doubtOf(debt) * 100) / 100,
    reason: debt.reason,
    model: debt.model,
    title: line.length > longestTitle ? `${line.slice(0, longestTitle - 1)}…` : line,
    verdict: verdict.outcome,
    issues: verdict.issues.map(({ severity, message }) => `${severity}: ${message}`),
    files: debt.files.length,
    review: review && {
      outcome: review.outcome,
      summary: review.summary,
      issues: review.issues.map(({ file, line, message }) => {
        const place = file === '' ? '' : `${file}${line > 0 ? `:${line}` : ''}: `;
        return place + message;
      }),
      chargedTokens: review.chargedTokens,
      model: review.model,
      atMs: review.atMs,
    },
  };
}
