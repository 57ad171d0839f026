import { parseDuration } from './parse-duration.ts';
import { parseModelRules } from './parse-model-rules.ts';
import { parseShare } from './parse-share.ts';
import { parseSize } from './parse-size.ts';
import { parseTokens } from './parse-tokens.ts';
import { parseUsd, usdText } from './parse-usd.ts';
import { parseWeights, weightsExpected } from './parse-weights.ts';

/** A setting that a user may give in config.json or in the environment. */
export interface Setting {
  /** Path in config.json, such as `budget.limit`. */
  readonly key: string;
  readonly environmentName?: string;
  readonly form: SettingForm;
  readonly fallback: unknown;
  /** One line for `teelamma config`. */
  readonly description: string;
}

/**
 * What a setting accepts. Plain functions and not zod, because settings are read at every start: zod would take 10 to 20 ms of it.
 * Each accepts a text where it can, since the environment and the command line have nothing else.
 */
export interface SettingForm {
  /** Completes "must be ...". */
  readonly expected: string;
  /** The value to use; null where the given one is not of this form. */
  readonly parse: (value: unknown) => unknown;
}

const tokens: SettingForm = {
  expected: 'a whole number of tokens from 1 up, such as 10000, 20k or 2M',
  parse: (value) =>
    typeof value === 'number' || typeof value === 'string' ? parseTokens(String(value)) : null,
};

/** A number of tokens stays a number; money is the text that `parseUsd` reads. */
const limit: SettingForm = {
  expected: 'a whole number of tokens from 1 up, such as 10000, 20k or 2M, or money, such as $5 or "5 USD"',
  parse: (value) => {
    if (typeof value !== 'number' && typeof value !== 'string') return null;
    const microUsd = parseUsd(String(value));
    return microUsd === null ? parseTokens(String(value)) : usdText(microUsd);
  },
};

const weights: SettingForm = { expected: weightsExpected, parse: parseWeights };

const duration: SettingForm = {
  expected: 'a duration with a unit from 1s to 400d, such as 30m, 5h or 7d',
  parse: (value) => (typeof value === 'string' ? parseDuration(value) : null),
};

const url: SettingForm = {
  expected: 'a URL that starts with http:// or https://',
  parse: (value) => {
    if (typeof value !== 'string' || !URL.canParse(value)) return null;
    return /^https?:$/.test(new URL(value).protocol) ? value.replace(/\/+$/, '') : null;
  },
};

/** As it is given: a receiver may care for a slash at the end. */
const webhookUrl: SettingForm = {
  expected: 'a URL that starts with http:// or https://, without a user and a password',
  parse: (value) => {
    if (typeof value !== 'string' || !URL.canParse(value)) return null;
    const { protocol, username, password } = new URL(value);
    return /^https?:$/.test(protocol) && username === '' && password === '' ? value : null;
  },
};

const environmentName: SettingForm = {
  expected: 'the name of an environment variable, not its value',
  parse: (value) => (typeof value === 'string' && /^[A-Za-z_]\w{0,99}$/.test(value) ? value : null),
};

const flag: SettingForm = {
  expected: 'true or false',
  parse: (value) => {
    const flags = new Map<unknown, boolean>([
      [true, true],
      ['true', true],
      [false, false],
      ['false', false],
    ]);
    return flags.get(value) ?? null;
  },
};

const wholeNumber = (least: number, most: number): SettingForm => ({
  expected: `a whole number from ${least} to ${most}`,
  parse: (value) => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    return Number.isInteger(number) && Number(number) >= least && Number(number) <= most ? number : null;
  },
});

const fraction: SettingForm = {
  expected: 'a number above 0 and below 1',
  parse: (value) => (typeof value === 'number' && value > 0 && value < 1 ? value : null),
};

const reserve: SettingForm = {
  expected: 'a percentage from 0% to 99%, such as 10%, or off',
  parse: (value) => {
    if (value === 'off') return 0;
    const [, percent] = typeof value === 'string' ? (/^(\d{1,2}(?:\.\d{1,2})?)%$/.exec(value) ?? []) : [];
    return percent === undefined ? null : Number(percent) / 100;
  },
};

const share = (mostPercent: number): SettingForm => ({
  expected: `a share from 0 to ${mostPercent} %, such as 5% or 0.05`,
  parse: (value) => {
    const parsed = parseShare(value);
    return parsed !== null && parsed <= mostPercent / 100 ? parsed : null;
  },
});

const percentages: SettingForm = {
  expected: 'ascending whole percentages from 1 to 100, such as [75, 90, 100]',
  parse: (value) => {
    if (!Array.isArray(value) || value.length === 0) return null;
    const isAscending = value.every(
      (percent, index) => Number.isInteger(percent) && percent > (index === 0 ? 0 : value[index - 1]),
    );
    return isAscending && value.at(-1) <= 100 ? value : null;
  },
};

const name: SettingForm = {
  expected: 'a text of 1 to 200 characters',
  parse: (value) => (typeof value === 'string' && value.length >= 1 && value.length <= 200 ? value : null),
};

const oneOf = (...accepted: readonly string[]): SettingForm => ({
  expected: `one of ${accepted.join(', ')}`,
  parse: (value) => (accepted.some((each) => each === value) ? value : null),
});

const modelRules: SettingForm = {
  expected: 'rules such as "claude-haiku-*=ollama, *=claude"',
  parse: (value) => (typeof value === 'string' && parseModelRules(value) !== null ? value : null),
};

const size: SettingForm = {
  expected: 'a size from 64 MiB up, such as 512MiB or 2GiB',
  parse: (value) => {
    const bytes = typeof value === 'string' ? parseSize(value) : null;
    return bytes !== null && bytes >= 64 * 1024 ** 2 ? bytes : null;
  },
};

const commands: SettingForm = {
  expected: 'a shell command, or a list of up to 20, such as ["npm test", "make lint"]',
  parse: (value) => {
    const list = typeof value === 'string' ? [value] : value;
    if (!Array.isArray(list) || list.length > 20) return null;
    return list.every((each) => typeof each === 'string' && each.trim() !== '') ? list : null;
  },
};

/** Every setting there is, in the order in which `teelamma config` shows them. */
export const settings = {
  'budget.limit': {
    environmentName: 'TEELAMMA_BUDGET',
    form: limit,
    fallback: 10_000,
    description: 'tokens, or money, that Claude may use per window',
  },
  'budget.window': {
    environmentName: 'TEELAMMA_WINDOW',
    form: duration,
    fallback: 86_400_000,
    description: 'length of the window, from its first use',
  },
  'budget.thresholds': {
    form: percentages,
    fallback: [75, 90, 100],
    description: 'percentages at which you are told, once per window',
  },
  'budget.weights': {
    form: weights,
    fallback: undefined,
    description: 'what a token of each kind counts, such as {"cacheRead": 0.1} (default: each 1)',
  },
  'budget.allowForced': {
    environmentName: 'TEELAMMA_ALLOW_FORCED',
    form: flag,
    fallback: true,
    description: 'whether --agent claude may pass the limit',
  },
  'claude.model': {
    environmentName: 'TEELAMMA_CLAUDE_MODEL',
    form: name,
    fallback: 'claude-sonnet-5-5',
    description: 'model for the Claude specialist',
  },
  'claude.url': {
    environmentName: 'TEELAMMA_CLAUDE_URL',
    form: url,
    fallback: undefined,
    description: 'base URL of the Messages API (else ANTHROPIC_BASE_URL, else Anthropic)',
  },
  'claude.timeout': {
    form: duration,
    fallback: 600_000,
    description: 'longest time for one answer of Claude',
  },
  'claude.stallTimeout': {
    form: duration,
    fallback: 60_000,
    description: 'longest silence inside an answer of Claude',
  },
  'claude.maxTokens': {
    form: wholeNumber(256, 1_000_000),
    fallback: 8_192,
    description: 'most output tokens asked for in one turn',
  },
  'claude.reserve': {
    environmentName: 'TEELAMMA_CLAUDE_RESERVE',
    form: reserve,
    fallback: 0.1,
    description: 'share of the limits that Claude reports, below which Ollama takes over: 10%, off',
  },
  'ollama.host': {
    environmentName: 'OLLAMA_HOST',
    form: name,
    fallback: 'http://127.0.0.1:11434',
    description: 'where Ollama listens',
  },
  'ollama.model': {
    environmentName: 'TEELAMMA_OLLAMA_MODEL',
    form: name,
    fallback: 'qwen3:8b',
    description: 'model for the Ollama specialist',
  },
  'ollama.timeout': {
    form: duration,
    fallback: 900_000,
    description: 'longest time for one answer of Ollama',
  },
  'ollama.stallTimeout': {
    form: duration,
    fallback: 300_000,
    description: 'longest silence of Ollama, loading the model included',
  },
  'router.threshold': {
    form: fraction,
    fallback: undefined,
    description: 'score from which a task is complex (default: the fitted one)',
  },
  'router.strategy': {
    environmentName: 'TEELAMMA_STRATEGY',
    form: oneOf('budget-first', 'local-first', 'claude-first'),
    fallback: 'budget-first',
    description: 'who begins a task: by complexity, Ollama, or Claude, while the budget lasts',
  },
  'router.exploration': {
    form: share(50),
    fallback: 0,
    description: 'share of tasks that go to the other specialist by chance, to learn from',
  },
  'critic.repairRounds': {
    form: wholeNumber(0, 3),
    fallback: 1,
    description: 'rounds in which a specialist mends its own answer',
  },
  'critic.reviewer': {
    environmentName: 'TEELAMMA_REVIEWER',
    form: oneOf('off', 'ollama', 'claude'),
    fallback: 'off',
    description: 'the model that looks at work which every check approves',
  },
  'critic.reviewTimeout': {
    form: duration,
    fallback: 180_000,
    description: 'longest time for one review, loading the model included',
  },
  'debt.enabled': {
    environmentName: 'TEELAMMA_DEBT',
    form: flag,
    fallback: true,
    description: 'whether tasks and answers of Ollama for want of budget are kept for a review',
  },
  'debt.share': {
    form: share(100),
    fallback: 0.2,
    description: "most of a budget's window that reviews of such work may use",
  },
  'debt.keepFor': {
    form: duration,
    fallback: 30 * 86_400_000,
    description: 'how long such work is kept',
  },
  'checks.enabled': {
    form: flag,
    fallback: true,
    description: "whether a project's own checks are run on what a task changes",
  },
  'checks.sandbox': {
    environmentName: 'TEELAMMA_SANDBOX',
    form: oneOf('auto', 'none'),
    fallback: 'auto',
    description: 'none runs code that a model wrote as you, with your files and network',
  },
  'checks.commands': {
    form: commands,
    fallback: [],
    description: 'commands to check with, in place of what is found in a project',
  },
  'checks.examples': {
    form: oneOf('on', 'off'),
    fallback: 'on',
    description: 'whether examples in a task and in docstrings are run, in the sandbox',
  },
  'checks.timeout': {
    form: duration,
    fallback: 120_000,
    description: 'longest time for one check',
  },
  'checks.memory': {
    form: size,
    fallback: 2 * 1024 ** 3,
    description: 'most memory of one check, all its processes together',
  },
  'workspace.maxTurns': {
    form: wholeNumber(1, 500),
    fallback: 40,
    description: 'most model calls of one task in a workspace',
  },
  'workspace.maxTokens': {
    form: tokens,
    fallback: 1_000_000,
    description: 'most tokens of one task in a workspace, whoever pays for them',
  },
  'workspace.timeout': {
    form: duration,
    fallback: 1_800_000,
    description: 'longest time for one task in a workspace',
  },
  'gateway.host': {
    form: name,
    fallback: '127.0.0.1',
    description: 'address that teelamma serve listens on; others than loopback need keys',
  },
  'gateway.port': {
    form: wholeNumber(0, 65_535),
    fallback: 7_434,
    description: 'port of teelamma serve; 0 for any free one',
  },
  'gateway.models': {
    form: modelRules,
    fallback: undefined,
    description: 'who answers for which models, first match first',
  },
  'gateway.background': {
    form: oneOf('claude', 'ollama'),
    fallback: 'claude',
    description: 'who answers background requests of the small model (haiku)',
  },
  'gateway.routeByComplexity': {
    form: flag,
    fallback: false,
    description: 'whether conversations that begin with a simple task go to Ollama',
  },
  'gateway.continueAnswers': {
    form: flag,
    fallback: true,
    description: "whether Ollama goes on where Claude's answer breaks off",
  },
  'gateway.notices': {
    form: flag,
    fallback: true,
    description: 'whether the answer says when a conversation passes to Ollama',
  },
  'notifications.terminal': {
    form: flag,
    fallback: true,
    description: 'whether run and serve tell of thresholds and handovers on stderr',
  },
  'notifications.desktop': {
    form: flag,
    fallback: false,
    description: 'whether the desktop shows them, where there is one',
  },
  'notifications.webhookUrl': {
    environmentName: 'TEELAMMA_WEBHOOK_URL',
    form: webhookUrl,
    fallback: undefined,
    description: 'where they are sent, signed by the Standard Webhooks specification',
  },
  'notifications.webhookSecretEnv': {
    form: environmentName,
    fallback: 'TEELAMMA_WEBHOOK_SECRET',
    description: "the environment variable that holds the webhook's secret (whsec_...)",
  },
  'hook.block': {
    environmentName: 'TEELAMMA_HOOK_BLOCK',
    form: flag,
    fallback: false,
    description: "whether Claude Code's prompts are refused while a budget is used up",
  },
  'log.level': {
    environmentName: 'TEELAMMA_LOG_LEVEL',
    form: oneOf('debug', 'info', 'warn', 'error'),
    fallback: 'info',
    description: 'how much goes into logs/',
  },
  'log.prompts': {
    environmentName: 'TEELAMMA_LOG_PROMPTS',
    form: oneOf('hash', 'full'),
    fallback: 'hash',
    description: 'prompts in logs/ as length and hash, or in full',
  },
  'ledger.synchronous': {
    environmentName: 'TEELAMMA_LEDGER_SYNC',
    form: oneOf('normal', 'full'),
    fallback: 'normal',
    description: 'normal survives a killed process, full a power cut too',
  },
  'ledger.lease': {
    environmentName: 'TEELAMMA_LEDGER_LEASE',
    form: flag,
    fallback: true,
    description: "whether processes of a team's ledger on Postgres lease slices of a budget",
  },
} as const satisfies Record<string, Omit<Setting, 'key'>>;

export type SettingKey = keyof typeof settings;
