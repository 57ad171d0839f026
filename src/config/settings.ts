import * as z from 'zod';
import { parseDuration } from './parse-duration.ts';
import { parseTokens } from './parse-tokens.ts';

/** A setting that a user may give in config.json or in the environment. */
export interface Setting {
  /** Path in config.json, such as `budget.limit`. */
  readonly key: string;
  readonly environmentName?: string;
  readonly schema: z.ZodType;
  readonly fallback: unknown;
  /** One line for `teelamma config`. */
  readonly description: string;
}

const tokens = z.union([z.number(), z.string()]).transform((value, context) => {
  const parsed = typeof value === 'number' ? parseTokens(String(value)) : parseTokens(value);
  return parsed ?? refuse(context, 'a whole number of tokens from 1 up, such as 10000, 20k or 2M');
});

const duration = z.string().transform((value, context) => {
  return (
    parseDuration(value) ?? refuse(context, 'a duration with a unit from 1s to 400d, such as 30m, 5h or 7d')
  );
});

const url = z.string().transform((value, context) => {
  const isHttp = URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
  return isHttp ? value.replace(/\/+$/, '') : refuse(context, 'a URL that starts with http:// or https://');
});

const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')]);

const wholeNumber = (least: number, most: number) =>
  z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
    .pipe(z.number().int().min(least).max(most));

const percentages = z
  .array(z.number().int().min(1).max(100))
  .refine((list) => list.every((percent, index) => index === 0 || percent > (list[index - 1] ?? 0)), {
    message: 'must be ascending whole percentages, such as [75, 90, 100]',
  });

const name = z.string().min(1).max(200);

/** Every setting there is, in the order in which `teelamma config` shows them. */
export const settings = {
  'budget.limit': {
    environmentName: 'TEELAMMA_BUDGET',
    schema: tokens,
    fallback: 10_000,
    description: 'tokens that Claude may use per window',
  },
  'budget.window': {
    environmentName: 'TEELAMMA_WINDOW',
    schema: duration,
    fallback: 86_400_000,
    description: 'length of the window, from its first use',
  },
  'budget.thresholds': {
    schema: percentages,
    fallback: [75, 90, 100],
    description: 'percentages at which you are told, once per window',
  },
  'budget.allowForced': {
    environmentName: 'TEELAMMA_ALLOW_FORCED',
    schema: flag,
    fallback: true,
    description: 'whether --agent claude may pass the limit',
  },
  'claude.model': {
    environmentName: 'TEELAMMA_CLAUDE_MODEL',
    schema: name,
    fallback: 'claude-sonnet-5-5',
    description: 'model for the Claude specialist',
  },
  'claude.url': {
    environmentName: 'TEELAMMA_CLAUDE_URL',
    schema: url,
    fallback: undefined,
    description: 'base URL of the Messages API (else ANTHROPIC_BASE_URL, else Anthropic)',
  },
  'claude.timeout': {
    schema: duration,
    fallback: 600_000,
    description: 'longest time for one answer of Claude',
  },
  'claude.stallTimeout': {
    schema: duration,
    fallback: 60_000,
    description: 'longest silence inside an answer of Claude',
  },
  'claude.maxTokens': {
    schema: wholeNumber(256, 1_000_000),
    fallback: 8_192,
    description: 'most output tokens asked for in one turn',
  },
  'ollama.host': {
    environmentName: 'OLLAMA_HOST',
    schema: z.string().min(1),
    fallback: 'http://127.0.0.1:11434',
    description: 'where Ollama listens',
  },
  'ollama.model': {
    environmentName: 'TEELAMMA_OLLAMA_MODEL',
    schema: name,
    fallback: 'qwen3:8b',
    description: 'model for the Ollama specialist',
  },
  'ollama.timeout': {
    schema: duration,
    fallback: 900_000,
    description: 'longest time for one answer of Ollama',
  },
  'ollama.stallTimeout': {
    schema: duration,
    fallback: 300_000,
    description: 'longest silence of Ollama, loading the model included',
  },
  'router.threshold': {
    schema: z.number().gt(0).lt(1),
    fallback: undefined,
    description: 'score from which a task is complex (default: the fitted one)',
  },
  'critic.repairRounds': {
    schema: wholeNumber(0, 3),
    fallback: 1,
    description: 'rounds in which a specialist mends its own answer',
  },
  'log.level': {
    environmentName: 'TEELAMMA_LOG_LEVEL',
    schema: z.enum(['debug', 'info', 'warn', 'error']),
    fallback: 'info',
    description: 'how much goes into logs/',
  },
  'log.prompts': {
    environmentName: 'TEELAMMA_LOG_PROMPTS',
    schema: z.enum(['hash', 'full']),
    fallback: 'hash',
    description: 'prompts in logs/ as length and hash, or in full',
  },
  'ledger.synchronous': {
    environmentName: 'TEELAMMA_LEDGER_SYNC',
    schema: z.enum(['normal', 'full']),
    fallback: 'normal',
    description: 'normal survives a killed process, full a power cut too',
  },
} as const satisfies Record<string, Omit<Setting, 'key'>>;

export type SettingKey = keyof typeof settings;

function refuse(context: z.RefinementCtx, expected: string): never {
  context.addIssue({ code: 'custom', message: `must be ${expected}` });
  return z.NEVER;
}
