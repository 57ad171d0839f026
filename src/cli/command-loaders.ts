import type { Command } from 'commander';
import type { CliContext } from './CliContext.ts';

export type RegisterCommand = (program: Command, context: CliContext) => void;

/** Loads each command's module by its name, in the order in which help shows them. */
export const commandLoaders: ReadonlyMap<string, () => Promise<RegisterCommand>> = new Map([
  ['run', async () => (await import('./commands/run.ts')).registerRun],
  ['undo', async () => (await import('./commands/undo.ts')).registerUndo],
  ['route', async () => (await import('./commands/route.ts')).registerRoute],
  ['budget', async () => (await import('./commands/budget.ts')).registerBudget],
  ['verify-budget', async () => (await import('./commands/verify-budget.ts')).registerVerifyBudget],
  ['debt', async () => (await import('./commands/debt.ts')).registerDebt],
  ['log', async () => (await import('./commands/log.ts')).registerLog],
  ['checks', async () => (await import('./commands/checks.ts')).registerChecks],
  ['doctor', async () => (await import('./commands/doctor.ts')).registerDoctor],
  ['demo', async () => (await import('./commands/demo.ts')).registerDemo],
  ['config', async () => (await import('./commands/config.ts')).registerConfig],
  ['serve', async () => (await import('./commands/serve.ts')).registerServe],
  ['dashboard', async () => (await import('./commands/dashboard.ts')).registerDashboard],
  ['keys', async () => (await import('./commands/keys.ts')).registerKeys],
  ['mcp', async () => (await import('./commands/mcp.ts')).registerMcp],
  ['statusline', async () => (await import('./commands/statusline.ts')).registerStatusline],
  ['notify', async () => (await import('./commands/notify.ts')).registerNotify],
  ['hook', async () => (await import('./commands/hook.ts')).registerHook],
  ['init', async () => (await import('./commands/init.ts')).registerInit],
]);
