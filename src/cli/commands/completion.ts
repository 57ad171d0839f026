import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

/**
 * Adds `completion <shell>`, which prints a script for bash, zsh, fish or PowerShell, and the hidden `complete` that those scripts
 * call. Every other command must be registered before.
 */
export function registerCompletion(program: Command): void {
  tab(program, { completionCommandName: 'completion' });
}
