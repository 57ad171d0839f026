import * as z from 'zod';

/** What a model that reviews work is asked for, as a JSON schema: Ollama's `format`, Claude's `output_config.format`. */
export const reviewSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['outcome', 'summary', 'issues'],
  properties: {
    outcome: { type: 'string', enum: ['good', 'flawed'] },
    summary: { type: 'string' },
    issues: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['message', 'file', 'line'],
        properties: {
          message: { type: 'string' },
          file: { type: 'string' },
          line: { type: 'integer' },
        },
      },
    },
  },
} as const;

/** What a reviewing model found. `file` is empty and `line` 0 where it names none. */
export interface ModelReview {
  readonly outcome: 'good' | 'flawed';
  readonly summary: string;
  readonly issues: readonly { readonly message: string; readonly file: string; readonly line: number }[];
}

const form = z.object({
  outcome: z.enum(['good', 'flawed']),
  summary: z.string(),
  issues: z.array(
    z.object({
      message: z.string(),
      file: z
        .string()
        .nullish()
        .transform((file) => file ?? ''),
      line: z
        .number()
        .int()
        .nullish()
        .transform((line) => line ?? 0),
    }),
  ),
});

/** Reads a reviewing model's answer; null where it is not of the form, such as one that was cut off. */
export function parseReview(text: string): ModelReview | null {
  const json = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
  try {
    return form.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}
