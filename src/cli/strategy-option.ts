import { Option } from 'commander';
import { strategies } from '../agents/strategy.ts';

/** `--strategy budget-first|local-first|claude-first`. */
export function strategyOption(): Option {
  const description = 'who begins: budget-first (by complexity), local-first or claude-first';
  return new Option('-s, --strategy <strategy>', description).choices(strategies);
}
