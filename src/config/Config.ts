import type { ModelRuleSetting } from './parse-model-rules.ts';
import type { Counting } from './prices/Counting.ts';
import type { ModelPrice } from './prices/ModelPrice.ts';

/** The configuration after defaults, file and environment were laid over each other. Trusted by everything that receives it. */
export interface Config {
  readonly paths: Paths;
  readonly budget: {
    /** Per window, 1 or more, in the unit that it counts. Default 10,000. */
    readonly limitTokens: number;
    /** Default: tokens, each one. */
    readonly counts?: Counting;
    /** Length of the rolling window. Default 24 h. */
    readonly windowMs: number;
    /** Ascending, 1 to 100. Default 75, 90, 100. */
    readonly thresholdsPercent: readonly number[];
    /** Whether `forceAgent: claude-specialist` may pass the limit. Default true. */
    readonly allowForced: boolean;
  };
  /** The budgets of config.json's list `budgets`, beside the one above. */
  readonly budgets: readonly ConfiguredBudget[];
  /** The price table, with the prices of config.json's list `prices` over it. */
  readonly prices: readonly ModelPrice[];
  readonly claude: {
    /** Default `claude-sonnet-5-5`. */
    readonly model: string;
    /** Base URL of the Messages API; undefined for Anthropic's own. */
    readonly url: string | undefined;
    readonly apiKey: string | undefined;
    readonly authToken: string | undefined;
    /** Longest time for one whole answer. Default 10 min. */
    readonly timeoutMs: number;
    /** Longest silence inside an answer. Default 60 s. */
    readonly stallTimeoutMs: number;
    /** Most output tokens asked for in one turn, before the budget lowers it. Default 8,192. */
    readonly maxTokens: number;
    /** Share, 0 to 0.99, of each limit that Claude reports: with less of it left, Ollama takes over. Default 0.1; 0: off. */
    readonly reserveShare: number;
  };
  readonly ollama: {
    /** Base URL. Default `http://127.0.0.1:11434`. */
    readonly host: string;
    /** Default `qwen3:8b`. */
    readonly model: string;
    /** Longest time for one whole answer. Default 15 min. */
    readonly timeoutMs: number;
    /** Longest silence, which includes loading the model. Default 5 min. */
    readonly stallTimeoutMs: number;
  };
  readonly router: {
    /** Score from which a task is complex, 0 to 1; undefined for the threshold that the weights were fitted with. */
    readonly threshold: number | undefined;
    /** Who begins a task that names no strategy. Default `budget-first`. */
    readonly strategy: 'budget-first' | 'local-first' | 'claude-first';
    /** Share of tasks that go to the other specialist by chance, 0 to 0.5. Default 0. */
    readonly exploration: number;
  };
  readonly critic: {
    /** Rounds in which a specialist mends its own answer. Default 1, at most 3. */
    readonly repairRounds: number;
    /** The model that looks at what every check approves. Default `off`. */
    readonly reviewer: 'off' | 'ollama' | 'claude';
    /** Longest time for one review, loading the model included. Default 3 min. */
    readonly reviewTimeoutMs: number;
  };
  readonly debt: {
    /** Whether work that Ollama does for want of budget is kept, task and answer, for a review. Default true. */
    readonly enabled: boolean;
    /** Most of each budget that reviews may use in a window, above 0 to 1. Default 0.2. */
    readonly share: number;
    /** How long it is kept. Default 30 days. */
    readonly keepMs: number;
  };
  readonly checks: {
    /** Whether a project's own checks are run on what a task changes. Default true. */
    readonly enabled: boolean;
    /** `none`: code that a model wrote is run without a sandbox, as the user. Default `auto`. */
    readonly sandbox: 'auto' | 'none';
    /** Shell commands in place of what is found in a project. Default none. */
    readonly commands: readonly string[];
    /** Whether examples in a task and in docstrings are run. Default `on`. */
    readonly examples: 'on' | 'off';
    /** Longest time for one check. Default 2 min. */
    readonly timeoutMs: number;
    /** Most memory of one check, all its processes together. Default 2 GiB. */
    readonly memoryBytes: number;
  };
  readonly workspace: {
    /** Most model calls of one task in a workspace. Default 40. */
    readonly maxTurns: number;
    /** Most tokens of all its calls together, Ollama's too. Default 1,000,000. */
    readonly maxTokens: number;
    /** Time after which no further call is made. Default 30 min. */
    readonly timeoutMs: number;
  };
  readonly gateway: {
    /** Default 127.0.0.1. */
    readonly host: string;
    /** Default 7434. */
    readonly port: number;
    /** The first that matches counts. Default none. */
    readonly models: readonly ModelRuleSetting[];
    /** Who answers background requests of the small model. Default `claude`. */
    readonly background: 'claude' | 'ollama';
    /** Default false. */
    readonly routeByComplexity: boolean;
    /** Default true. */
    readonly continueAnswers: boolean;
    /** Default true. */
    readonly notices: boolean;
  };
  readonly notifications: {
    /** Default true. */
    readonly terminal: boolean;
    /** Default false. */
    readonly desktop: boolean;
    /** Null for none. */
    readonly webhook: {
      readonly url: string;
      /** The variable that the secret is in. Default `TEELAMMA_WEBHOOK_SECRET`. */
      readonly secretEnv: string;
      /** Never shown or stored. */
      readonly secret: string | undefined;
    } | null;
  };
  readonly hook: {
    /** Whether `teelamma hook` refuses the prompts of Claude Code while a budget is used up. Default false. */
    readonly block: boolean;
  };
  readonly log: {
    /** Default `info`. */
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    /** `hash`: prompts and answers as length and SHA-256; `full`: as they are. Default `hash`. */
    readonly prompts: 'hash' | 'full';
  };
  readonly ledger: {
    /** `normal` survives a killed process; `full` survives a power cut too and costs an fsync a commit. Default `normal`. */
    readonly synchronous: 'normal' | 'full';
    /** For a team's ledger: whether a process takes slices of what remains and works on them. Default true. */
    readonly lease: boolean;
    /** `postgres://...` of a team's ledger; undefined for the installation's own file. Holds a password: never shown or stored. */
    readonly url: string | undefined;
  };
}

/** A budget as the ledger wants it. */
export interface ConfiguredBudget {
  readonly name: string;
  /** In the unit that it counts. */
  readonly limitTokens: number;
  /** Absent: tokens, each one. */
  readonly counts?: Counting;
  /** Length of the rolling window; with `calendar`, the usual length of its period. */
  readonly windowMs: number;
  readonly thresholdsPercent: readonly number[];
  readonly calendar?: {
    readonly period: 'day' | 'week' | 'month';
    /** IANA name, one that exists. */
    readonly timeZone: string;
    /** 0 to 23. */
    readonly hour: number;
  };
  /** Accepted values for each part that is named; `*` stands for any characters. */
  readonly match?: { readonly [part in ConfiguredScopePart]?: readonly string[] };
  readonly each?: ConfiguredScopePart;
}

type ConfiguredScopePart = 'complexity' | 'model' | 'project' | 'user' | 'door';

/** Where one installation keeps its files. All inside `home`. */
export interface Paths {
  readonly home: string;
  readonly configFile: string;
  readonly stateFolder: string;
  readonly ledgerFile: string;
  readonly budgetFile: string;
  /** All budgets, for the status line and the hook. */
  readonly overviewFile: string;
  readonly coolDownFile: string;
  /** The workspaces whose own lists of checks the user trusts. */
  readonly trustFile: string;
  /** What Claude reported of its limits. */
  readonly claudeLimitsFile: string;
  /** What `teelamma init` did to the files of clients, so that it can be taken back. */
  readonly initRecordFile: string;
  /** What each session of Claude Code was told by the hook. */
  readonly hookFolder: string;
  readonly logFolder: string;
  /** What Ollama did for want of budget, for a review. */
  readonly debtFolder: string;
  /** Whole outputs that were too long for the client that asked. */
  readonly outputFolder: string;
  /** Messages that the webhook has not taken yet. */
  readonly outboxFolder: string;
}

/** Where a value came from; `config` shows it. */
export type ConfigSource = 'default' | 'file' | 'environment';

/** Environment that the configuration is read from; `process.env` has this shape. */
export type Environment = Readonly<Record<string, string | undefined>>;
