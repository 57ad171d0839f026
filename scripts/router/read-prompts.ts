import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const promptSchema = z.object({
  source: z.string(),
  prompt: z.string(),
  weak_ok: z.number().min(0).max(1),
  strong_ok: z.number().min(0).max(1).nullable(),
});

/** One measured prompt; the text itself never leaves the fitting script. */
export interface MeasuredPrompt {
  readonly source: string;
  readonly text: string;
  readonly weakOk: number;
  readonly strongOk: number;
}

/**
 * Reads the measured prompts, one JSON object a line. Those whose strong model was not measured are left out, and counted.
 * @throws Error if the file is absent or a line has another form.
 */
export function readPrompts(path: string): {
  readonly prompts: readonly MeasuredPrompt[];
  readonly leftOut: number;
} {
  if (!existsSync(path)) {
    throw new Error(
      `the training data is not at ${path}. It is not part of this repository (its prompts are not ours to ship); give its path: ` +
        'npm run router:fit -- path/to/train.jsonl',
    );
  }
  const lines = readFileSync(path, 'utf8').split('\n');
  const prompts: MeasuredPrompt[] = [];
  let leftOut = 0;
  lines.forEach((line, index) => {
    if (line.trim() === '') return;
    const parsed = promptSchema.safeParse(JSON.parse(line));
    if (!parsed.success) throw new Error(`${path}, line ${index + 1}: ${z.prettifyError(parsed.error)}`);
    const { source, prompt, weak_ok, strong_ok } = parsed.data;
    if (strong_ok === null) leftOut += 1;
    else prompts.push({ source, text: prompt, weakOk: weak_ok, strongOk: strong_ok });
  });
  return { prompts, leftOut };
}
