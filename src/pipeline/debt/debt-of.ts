import type { TaskResult } from '../../task-events.ts';
import type { DebtStore } from './DebtStore.ts';

/** What is kept of a task that Ollama did for want of budget. */
export function debtOf(task: string, result: TaskResult, reason: string): Parameters<DebtStore['add']>[0] {
  const { taskId, decision, model, output, files, verdict } = result;
  return {
    taskId,
    reason,
    complexity: decision.complexity.level,
    confidence: decision.complexity.confidence,
    model,
    task,
    answer: output,
    files: files.map((file) => ({ ...file })),
    verdict: {
      outcome: verdict.outcome,
      issues: verdict.issues.map(({ kind, severity, message, file, line }) => ({
        kind,
        severity,
        message,
        ...(file !== undefined && { file }),
        ...(line !== undefined && { line }),
      })),
    },
  };
}
