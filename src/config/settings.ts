// The small build of zod: this file is read at every start, and the full one takes 10 ms more.
import * as z from 'zod/mini';
import { parseDuration } from './parse-duration.ts';
import { parseTokens } from './parse-tokens.ts';

/** A setting that a user may give in config.json or in the environment. */
export interface Setting {
  /** Path in config.json, such as `budget.limit`. */
  readonly key: string;
  readonly environmentName?: string;
  readonly schema: z.ZodMiniType;
  readonly fallback: unknown;
  /** One line for `teelamma config`. */
  readonly description: string;
}

const tokens = z.pipe(
  z.union([z.number(), z.string()], { error: 'must be a number or a text' }),
  z.transform((value: string | number, context) => {
    return (
      parseTokens(String(value)) ??
      refuse(context, value, 'a whole number of tokens from 1 up, such as 10000, 20k or 2M')
    );
  }),
);

const durationForm = 'a duration with a unit from 1s to 400d, such as 30m, 5h or 7d';
const duration = z.pipe(
  z.string({ error: `must be ${durationForm}` }),
  z.transform((value: string, context) => parseDuration(value) ?? refuse(context, value, durationForm)),
);

const urlForm = 'a URL that starts with http:// or https://';
const url = z.pipe(
  z.string({ error: `must be ${urlForm}` }),
  z.transform((value: string, context) => {
    const isHttp = URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
    return isHttp ? value.replace(/\/+$/, '') : refuse(context, value, urlForm);
  }),
);

/** The environment and the command line have only texts. */
const flag = z.pipe(
  z.union([z.boolean(), z.enum(['true', 'false'])], { error: 'must be true or false' }),
  z.transform((value: boolean | 'true' | 'false') => value === true || value === 'true'),
);

const wholeNumber = (least: number, most: number) => {
  const form = `a whole number from ${least} to ${most}`;
  return z.pipe(
    z.union([z.number(), z.string()], { error: `must be ${form}` }),
    z.transform((value: string | number, context) => {
      const number = typeof value === 'number' || /^\d+$/.test(value) ? Number(value) : Number.NaN;
      const isInRange = Number.isInteger(number) && number >= least && number <= most;
      return isInRange ? number : refuse(context, value, form);
    }),
  );
};

const percentages = z
  .array(z.number(), { error: 'must be a list of percentages, such as [75, 90, 100]' })
  .check(
    z.refine(
      (list) => list.length > 0 && list.every((percent, index) => isNextPercent(percent, list[index - 1])),
      {
        error: 'must be ascending whole percentages from 1 to 100, such as [75, 90, 100]',
      },
    ),
  );

const isNextPercent = (percent: number, previous = 0): boolean =>
  Number.isInteger(percent) && percent > previous && percent <= 100;

const nameForm = 'must be a text of 1 to 200 characters';
const name = z
  .string({ error: nameForm })
  .check(z.minLength(1, { error: nameForm }), z.maxLength(200, { error: nameForm }));

const fractionForm = 'must be a number above 0 and below 1';
const fraction = z
  .number({ error: fractionForm })
  .check(z.gt(0, { error: fractionForm }), z.lt(1, { error: fractionForm }));

const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

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
    schema: name,
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
    schema: fraction,
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
    schema: oneOf(['debug', 'info', 'warn', 'error']),
    fallback: 'info',
    description: 'how much goes into logs/',
  },
  'log.prompts': {
    environmentName: 'TEELAMMA_LOG_PROMPTS',
    schema: oneOf(['hash', 'full']),
    fallback: 'hash',
    description: 'prompts in logs/ as length and hash, or in full',
  },
  'ledger.synchronous': {
    environmentName: 'TEELAMMA_LEDGER_SYNC',
    schema: oneOf(['normal', 'full']),
    fallback: 'normal',
    description: 'normal survives a killed process, full a power cut too',
  },
} as const satisfies Record<string, Omit<Setting, 'key'>>;

export type SettingKey = keyof typeof settings;

function refuse(
  context: { readonly issues: z.core.$ZodRawIssue[] },
  input: unknown,
  expected: string,
): never {
  context.issues.push({ code: 'custom', message: `must be ${expected}`, input });
  return z.NEVER;
}
