import * as z from 'zod';

const issue = z.object({
  kind: z.string(),
  severity: z.enum(['error', 'warning']),
  message: z.string(),
  file: z.string().optional(),
  line: z.number().optional(),
});

const review = z.object({
  atMs: z.number(),
  model: z.string(),
  /** `unclear`: Claude's answer could not be read as a review; `summary` is that answer. */
  outcome: z.enum(['good', 'flawed', 'unclear']),
  summary: z.string(),
  issues: z.array(z.object({ message: z.string(), file: z.string(), line: z.number() })),
  chargedTokens: z.number(),
});

/** The form of a debt on disk. */
export const debtEntryForm = z.object({
  version: z.literal(1),
  taskId: z.string(),
  /** When Ollama had done it. */
  atMs: z.number(),
  expiresAtMs: z.number(),
  /** Why Claude did not, in words. */
  reason: z.string(),
  complexity: z.string(),
  /** The Router's, 0 to 1. */
  confidence: z.number(),
  model: z.string(),
  task: z.string(),
  answer: z.string(),
  files: z.array(z.object({ path: z.string(), status: z.string(), diff: z.string() })),
  verdict: z.object({ outcome: z.enum(['approved', 'needs-repair', 'rejected']), issues: z.array(issue) }),
  review: review.nullable(),
});

/** Work that Ollama did for want of budget, kept for Claude to look at later. Times are epoch milliseconds. */
export type DebtEntry = z.infer<typeof debtEntryForm>;

/**
 * How much there is to doubt, 0 to 1, by the critic's verdict first: rejected 1, needs repair from 0.7 up by its errors, approved from 0.1
 * up by its warnings. Less confidence of the Router adds up to 0.1.
 */
export function doubtOf({ verdict, confidence }: Pick<DebtEntry, 'verdict' | 'confidence'>): number {
  if (verdict.outcome === 'rejected') return 1;
  const errors = verdict.issues.filter(({ severity }) => severity === 'error').length;
  const warnings = verdict.issues.length - errors;
  const unsure = 0.1 * (1 - Math.min(1, Math.max(0, confidence)));
  if (verdict.outcome === 'needs-repair') return Math.min(0.99, 0.7 + 0.03 * Math.min(6, errors) + unsure);
  return 0.1 + 0.1 * Math.min(4, warnings) + unsure;
}
