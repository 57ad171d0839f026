import * as z from 'zod';
import { strategies } from '../agents/strategy.ts';

/** The argument `strategy` of the tools that decide about a task. */
export const strategySchema = z
  .enum(strategies)
  .optional()
  .describe(
    'Who begins; leave out for what the user configured. budget-first: complex tasks Claude; local-first: Ollama, and Claude mends what the critic does not approve; claude-first: Claude. Always within the budget.',
  );
