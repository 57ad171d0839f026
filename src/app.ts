import { setTimeout as delay } from 'node:timers/promises';
import type { MetaCoordinator } from './agents/MetaCoordinator.ts';
import type { Router } from './agents/Router.ts';
import type { Specialist } from './agents/Specialist.ts';
import { anthropicUrl } from './config/anthropic-url.ts';
import { type BudgetSource, budgetSource } from './config/budget-source.ts';
import type { Config, Environment } from './config/Config.ts';
import { loadConfig } from './config/load-config.ts';
import { withoutOwnGateway } from './config/own-gateway.ts';
import { unpricedModel } from './config/prices/unpriced-model.ts';
import { type Door, type ProcessScope, processScope } from './config/process-scope.ts';
import { telemetryVariables } from './config/telemetry-variables.ts';
import { isLedgerTrouble } from './errors.ts';
import type { DecisionLog } from './logging/LogEntry.ts';
import type { Notification } from './notifications/Notification.ts';
import type { Notifier } from './notifications/Notifier.ts';
import type { DebtReviewer } from './pipeline/debt/DebtReviewer.ts';
import type { DebtStore } from './pipeline/debt/DebtStore.ts';
import type { Pipeline } from './pipeline.ts';
import type { Simulators } from './simulators/start-simulators.ts';
import type { Ledger, LedgerEvent } from './state/Ledger.ts';
import type { OverviewMirror } from './state/OverviewMirror.ts';
import type { ReportedLimits } from './state/ReportedLimits.ts';
import type { TokenBudget } from './state/TokenBudget.ts';
import type { Telemetry } from './telemetry/open-telemetry.ts';
import type { Turn } from './turn.ts';
import type { WorkObserver } from './work-events.ts';

export interface AppOptions {
  /** What the configuration is read from. Default `process.env`. */
  readonly environment?: Environment;
  /**
   * Starts both simulators in this process and a home in a temporary folder, so that neither a key nor Ollama is needed, and the real
   * budget is not touched. Default false.
   */
  readonly simulate?: boolean;
  /** By which way work comes in; budgets may match on it. Default `library`. */
  readonly door?: Door;
  /** Told of thresholds and handovers, a line each, where `notifications.terminal` is on. Default: nobody is. */
  readonly onNotice?: (line: string) => void;
  /**
   * Where traces and metrics go. `host` (default): to the OpenTelemetry providers that the program around us has registered before, if it
   * has. `variables`: as OpenTelemetry's standard variables say. Nothing of OpenTelemetry is loaded where neither is the case.
   */
  readonly telemetry?: 'host' | 'variables';
  /** Keeps metrics for a Prometheus that scrapes them (`App.scrape`). Default false. */
  readonly metrics?: boolean;
  /** Told of what could be carried on from. Default: it goes into the log alone. */
  readonly onWarning?: (message: string) => void;
}

/** The parts of one installation, put together. Dispose it: holds that were not sent are freed, logs and the JSON mirror written. */
export interface App extends AsyncDisposable {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly budget: TokenBudget;
  readonly router: Router;
  readonly coordinator: MetaCoordinator;
  readonly turn: Turn;
  readonly pipeline: Pipeline;
  /** What Ollama did for want of budget. */
  readonly debts: DebtStore;
  /** Has Claude look at it. */
  readonly debtReviewer: DebtReviewer;
  readonly claude: Specialist;
  readonly ollama: Specialist;
  /** What Claude reported of its own limits. */
  readonly limits: ReportedLimits;
  readonly log: DecisionLog;
  /** Tells the user, wherever the configuration says; returns at once. */
  readonly notify: (notification: Notification) => void;
  /** Takes what a door of its own does (the gateway) for traces and metrics; undefined where nobody measures. */
  readonly observe: WorkObserver | undefined;
  /** The metrics as Prometheus reads them; null unless `AppOptions.metrics`. */
  readonly scrape: Telemetry['scrape'];
  /** Both simulators, where `simulate` was asked for. */
  readonly simulators: Simulators | null;
}

/**
 * The composition root: the one place where real clocks, stores and clients are made. What is heavy is loaded only here, when it is
 * needed.
 *
 * @example
 * ```ts
 * await using app = await createApp();
 * const result = await app.pipeline.executeTask('Write a debounce function in TypeScript');
 * ```
 * @throws InvalidConfigError, and TeelammaError with `state-corrupt` or `state-unwritable`
 */
export async function createApp(options: AppOptions = {}): Promise<App> {
  const cleanups: Cleanup[] = [];
  const own = <T extends AsyncDisposable>(part: T): T => {
    cleanups.push(() => part[Symbol.asyncDispose]());
    return part;
  };
  try {
    const given = options.environment ?? process.env;
    const simulation = options.simulate ? own(await startSimulation(given)) : null;
    const parts = await assemble(simulation?.environment ?? given, options, own);
    return {
      ...parts,
      simulators: simulation?.simulators ?? null,
      [Symbol.asyncDispose]: () => runCleanups(cleanups, options.onWarning),
    };
  } catch (error) {
    await runCleanups(cleanups, options.onWarning);
    throw error;
  }
}

/**
 * The ledger of an installation, or of its team, for what only reads or sets budgets. Follows changes of config.json where `environment` is given;
 * `scope`: what everything done through it has in common.
 */
export async function openLedger(
  config: Config,
  environment?: Environment,
  scope?: ProcessScope,
): Promise<Ledger> {
  const source: BudgetSource = budgetSource(config, environment);
  const { url, lease } = config.ledger;
  if (url !== undefined) {
    const { openPostgresLedger } = await import('./state/postgres-ledger.ts');
    return openPostgresLedger({ url, lease, budgets: source, ...(scope && { scope }) }, { newId });
  }
  const { openSqliteLedger } = await import('./state/sqlite-ledger.ts');
  return openSqliteLedger(
    {
      file: config.paths.ledgerFile,
      budgets: source,
      synchronous: config.ledger.synchronous,
      ...(scope && { scope }),
    },
    { nowMs: Date.now, newId },
  );
}

/** What Claude reported of its limits to this installation, read from its file when asked. */
export async function openReportedLimits(
  config: Config,
  onProblem: (message: string) => void,
): Promise<ReportedLimits> {
  const { ReportedLimits } = await import('./state/ReportedLimits.ts');
  const options = { file: config.paths.claudeLimitsFile, reserveShare: config.claude.reserveShare };
  return new ReportedLimits(options, { nowMs: Date.now, onProblem });
}

/** What Claude is asked with; empty where there is nothing. */
export function claudeCredential({ claude }: Config): string {
  return claude.apiKey || claude.authToken || '';
}

/** The scope of what a command does in the current folder. */
export function scopeHere(environment: Environment): ProcessScope {
  return processScope(environment, 'cli', process.cwd());
}

/**
 * The budget over a ledger, loaded: an older installation's file is imported (into the installation's own ledger alone), and the JSON
 * mirror is kept from now on.
 */
export async function openBudget(
  config: Config,
  ledger: Ledger,
  onWarning: (message: string) => void,
): Promise<TokenBudget> {
  const { TokenBudget } = await import('./state/TokenBudget.ts');
  const budget = new TokenBudget({ file: config.paths.budgetFile }, { ledger, nowMs: Date.now, onWarning });
  if (config.ledger.url === undefined) {
    await budget.load();
    return budget;
  }
  try {
    // One installation's old file is not the team's usage; and a ledger that cannot be reached now may be later.
    await ledger.status();
    await budget.save();
  } catch (error) {
    if (!isLedgerTrouble(error)) throw error;
    onWarning(error.message);
  }
  return budget;
}

/** Keeps the copy of all budgets that the status line and the hook read. */
export async function openOverview(
  config: Config,
  ledger: Ledger,
  onWarning: (message: string) => void,
  environment?: Environment,
): Promise<OverviewMirror> {
  const { OverviewMirror } = await import('./state/OverviewMirror.ts');
  return new OverviewMirror(
    { file: config.paths.overviewFile },
    { ledger, specs: budgetSource(config, environment), onWarning },
  );
}

/** A gateway may log thousands of decisions a second; the two system calls of each were a twentieth of its work. */
const gatewayGatherMs = 20;

/** The log of decisions in the installation's logs/. */
async function openLog(
  config: Config,
  door: Door,
  onProblem: (message: string) => void,
): Promise<DecisionLog> {
  const { createDecisionLog } = await import('./logging/create-decision-log.ts');
  const { level, prompts } = config.log;
  return createDecisionLog(
    { folder: config.paths.logFolder, level, prompts, gatherMs: door === 'gateway' ? gatewayGatherMs : 0 },
    { nowMs: Date.now, onProblem },
  );
}

/** The global and not node:crypto, which would take 5 ms of every start, used or not. */
const newId = (): string => crypto.randomUUID();

type Cleanup = () => PromiseLike<void>;

/**
 * In reverse order, each of them, also where one fails; the first failure is thrown in the end. A ledger that cannot be written while it is
 * disposed of is only warned of: whoever recovers it next resolves what this process still held, and the task's own end must be seen.
 * Node 22 has no AsyncDisposableStack.
 */
async function runCleanups(cleanups: Cleanup[], onWarning: AppOptions['onWarning']): Promise<void> {
  const failures: unknown[] = [];
  for (const cleanup of cleanups.splice(0).reverse()) {
    try {
      await cleanup();
    } catch (error) {
      if (isLedgerTrouble(error)) onWarning?.(error.message);
      else failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

type Parts = Omit<App, 'simulators' | typeof Symbol.asyncDispose>;

async function assemble(
  environment: Environment,
  options: AppOptions,
  own: <T extends AsyncDisposable>(part: T) => T,
): Promise<Parts> {
  const { onWarning, onNotice, simulate, door = 'library' } = options;
  const loaded = loadConfig(environment);
  const { config, problem } = await withoutOwnGateway(loaded);
  const log = own(await openLog(config, door, (problem) => onWarning?.(problem)));
  const warn = (message: string) => {
    log.record({ agent: 'app', action: 'warning', level: 'warn', input: {}, output: { message } });
    onWarning?.(message);
  };
  if (problem !== null) warn(problem);
  const unpriced = hasMoneyBudget(config) && unpricedModel(config.claude.model, config.prices, Date.now());
  if (unpriced) warn(unpriced);
  const ledger = own(await openLedger(config, environment, processScope(environment, door, process.cwd())));
  ledger.subscribe((event) => logLedgerEvent(log, event));
  const { notifications } = config;
  const notifier = await makeNotifier(
    // What is simulated is news for nobody but who looks at it.
    simulate ? { ...config, notifications: { ...notifications, desktop: false, webhook: null } } : config,
    environment,
    onNotice ?? null,
    warn,
  );
  if (notifier) own(notifier);
  const notify = (notification: Notification) => notifier?.notify(notification);
  ledger.subscribe((event) => {
    if (event.type === 'threshold') notify(event);
  });
  const budget = own(await openBudget(config, ledger, warn));
  own(await openOverview(config, ledger, warn, environment));
  const telemetry = await openTelemetryFor(config, environment, options, ledger, (message) => {
    log.record({ agent: 'telemetry', action: 'problem', level: 'warn', input: {}, output: { message } });
    onWarning?.(message);
  });
  if (telemetry) own(telemetry);
  const observed = telemetry && { observe: telemetry.observe };
  const limits = await openReportedLimits(config, warn);
  const credential = claudeCredential(config);
  const [claude, ollama] = await Promise.all([
    makeClaude(config, (headers) => limits.note(credential, headers)),
    makeOllama(config, log),
  ]);
  const { CoolDown } = await import('./state/CoolDown.ts');
  const { Router } = await import('./agents/Router.ts');
  const { MetaCoordinator } = await import('./agents/MetaCoordinator.ts');
  const { Critic } = await import('./agents/Critic.ts');
  const { Turn } = await import('./turn.ts');
  const { Pipeline } = await import('./pipeline.ts');
  const { DebtStore } = await import('./pipeline/debt/DebtStore.ts');
  const { DebtReviewer } = await import('./pipeline/debt/DebtReviewer.ts');

  const sleep = async (durationMs: number, signal?: AbortSignal) => {
    await delay(durationMs, undefined, { ...(signal && { signal }) });
  };
  const clock = { nowMs: Date.now, newId, sleep };
  const reserve = () => limits.reserveReached(credential);
  const coolDown = new CoolDown({ file: config.paths.coolDownFile }, { nowMs: Date.now, onProblem: warn });
  const { threshold } = config.router;
  const router = new Router(threshold === undefined ? {} : { threshold });
  const coordinator = new MetaCoordinator(
    {
      allowForced: config.budget.allowForced,
      model: config.claude.model,
      strategy: config.router.strategy,
      exploration: config.router.exploration,
    },
    { ledger, router, newId, sleep, reserve },
  );
  const { checks, examples } = await makeChecks(config, environment, log);
  const turn = new Turn(
    { prices: config.prices },
    {
      ledger,
      claude,
      ollama,
      coolDown,
      reserve,
      log,
      onHandover: ({ from, to, reason }) => notify({ type: 'handover', from, to, reason, door }),
      ...clock,
      ...observed,
    },
  );
  const debts = new DebtStore(
    { folder: config.paths.debtFolder, keepMs: config.debt.keepMs },
    { nowMs: Date.now },
  );
  const debtReviewer = new DebtReviewer({ turn, ledger, claude, debts, nowMs: Date.now });
  const pipeline = new Pipeline(
    {
      maxTokens: config.claude.maxTokens,
      repairRounds: config.critic.repairRounds,
      reviewer: { by: config.critic.reviewer, timeLimitMs: config.critic.reviewTimeoutMs },
      workspace: {
        maxTurns: config.workspace.maxTurns,
        maxTokens: config.workspace.maxTokens,
        timeLimitMs: config.workspace.timeoutMs,
        closedFolders: [config.paths.home],
      },
      keepsTitles: config.log.prompts === 'full',
    },
    {
      coordinator,
      turn,
      critic: new Critic({}, { ...(examples && { examples }) }),
      ...(config.checks.enabled && { checks }),
      ...(config.debt.enabled && { debts }),
      ledger,
      log,
      nowMs: Date.now,
      ...observed,
    },
  );
  return {
    config,
    ledger,
    budget,
    router,
    coordinator,
    turn,
    pipeline,
    debts,
    debtReviewer,
    claude,
    ollama,
    limits,
    log,
    notify,
    observe: telemetry?.observe,
    scrape: telemetry?.scrape ?? null,
  };
}

/** Where a program keeps the providers that it registered with `@opentelemetry/api` 1.x. */
const hostsTelemetry = Symbol.for('opentelemetry.js.api.1');

/** Null where nobody wants traces or metrics; nothing of them is loaded then. */
async function openTelemetryFor(
  { claude, ollama }: Config,
  environment: Environment,
  { telemetry = 'host', metrics: isScraped = false, door = 'library' }: AppOptions,
  ledger: Ledger,
  onProblem: (message: string) => void,
): Promise<Telemetry | null> {
  const variables = telemetry === 'variables' ? telemetryVariables(environment) : null;
  for (const problem of variables?.problems ?? []) onProblem(problem);
  const isSent = variables ? variables.traces || variables.metrics : hostsTelemetry in globalThis;
  if (!isSent && !isScraped) return null;
  const { openTelemetry } = await import('./telemetry/open-telemetry.ts');
  const urls = { 'claude-specialist': claude.url ?? anthropicUrl, 'ollama-specialist': ollama.host };
  const sendTo = variables ?? (isSent ? 'host' : null);
  return openTelemetry({ door, urls, sendTo, isScraped }, { ledger, newId, onProblem });
}

/** Both run code that a model wrote, in one sandbox that is looked for when it is first needed. */
async function makeChecks(config: Config, environment: Environment, log: DecisionLog) {
  const { ProjectChecks } = await import('./workspace/checks/ProjectChecks.ts');
  const { createTrustStore } = await import('./workspace/checks/trust-store.ts');
  const { createWorkspaceChecks } = await import('./workspace/checks/create-workspace-checks.ts');
  const { ExampleRunner } = await import('./workspace/examples/ExampleRunner.ts');
  const { sandbox, commands, examples, timeoutMs, memoryBytes } = config.checks;
  const store = createTrustStore(config.paths.trustFile);
  const project = new ProjectChecks(
    {
      sandbox,
      commands,
      examples: examples === 'on',
      limits: { timeMs: timeoutMs, memoryBytes },
      path: environment['PATH'] ?? '',
      home: environment['HOME'] ?? '/',
    },
    { isTrusted: (key) => store.isTrusted(key) },
  );
  const checks = createWorkspaceChecks(project, ({ ran, skipped }) => {
    log.record({ agent: 'critic', action: 'checks', input: {}, output: { ran, skipped } });
  });
  const runner = new ExampleRunner({}, { sandbox: () => project.sandbox() });
  return { checks, ...(examples === 'on' && { examples: runner }) };
}

/** Null where nobody wants to be told, so that nothing is loaded. */
async function makeNotifier(
  config: Config,
  environment: Environment,
  terminal: ((line: string) => void) | null,
  onProblem: (message: string) => void,
): Promise<Notifier | null> {
  const { desktop, webhook } = config.notifications;
  if (terminal === null && !desktop && webhook === null) return null;
  const { createNotifier } = await import('./notifications/create-notifier.ts');
  const { platform } = process;
  const ports = { environment, platform, nowMs: Date.now, newId, fetch, random: Math.random };
  return createNotifier(config, { ...ports, terminal, onProblem });
}

function hasMoneyBudget({ budget, budgets }: Config): boolean {
  return [budget, ...budgets].some(({ counts }) => counts?.unit === 'micro-usd');
}

async function makeClaude({ claude }: Config, onHeaders: (headers: Headers) => void): Promise<Specialist> {
  const { ClaudeSpecialist } = await import('./agents/ClaudeSpecialist.ts');
  const { model, apiKey, authToken, url, timeoutMs, stallTimeoutMs } = claude;
  return new ClaudeSpecialist(
    {
      model,
      timeoutMs,
      stallTimeoutMs,
      ...(apiKey !== undefined && { apiKey }),
      ...(authToken !== undefined && { authToken }),
      ...(url !== undefined && { baseUrl: url }),
    },
    { onHeaders },
  );
}

async function makeOllama({ ollama }: Config, log: DecisionLog): Promise<Specialist> {
  const { OllamaSpecialist } = await import('./agents/OllamaSpecialist.ts');
  const { model, host, timeoutMs, stallTimeoutMs } = ollama;
  const onNotes = (notes: readonly string[]) => {
    log.record({
      agent: 'ollama-specialist',
      action: 'translate',
      level: 'warn',
      input: {},
      output: { notes },
    });
  };
  return new OllamaSpecialist({ model, host, timeoutMs, stallTimeoutMs }, { onNotes });
}

function logLedgerEvent(log: DecisionLog, event: LedgerEvent): void {
  switch (event.type) {
    case 'changed':
      return;
    case 'threshold': {
      const { name, unit, settledTokens, limitTokens, resetAtMs } = event.budget;
      const output = { percent: event.percent, settledTokens, limitTokens, ...(unit && { unit }), resetAtMs };
      log.record({ agent: 'ledger', action: 'threshold', level: 'warn', input: { budget: name }, output });
      return;
    }
    case 'usage-above-hold': {
      const { turnId, heldTokens, chargedTokens } = event;
      const output = { heldTokens, chargedTokens };
      log.record({ agent: 'ledger', action: 'usage-above-hold', level: 'error', input: { turnId }, output });
      return;
    }
    case 'recovered':
      log.record({
        agent: 'ledger',
        action: 'recover',
        level: 'warn',
        input: {},
        output: { ...event.report },
      });
      return;
  }
}

interface Simulation extends AsyncDisposable {
  readonly environment: Environment;
  readonly simulators: Simulators;
}

async function startSimulation(environment: Environment): Promise<Simulation> {
  const { startSimulators } = await import('./simulators/start-simulators.ts');
  const { makeScratch, removeScratch } = await import('./config/scratch-folder.ts');
  const home = makeScratch('simulated');
  const simulators = await startSimulators();
  return {
    simulators,
    environment: {
      ...environment,
      TEELAMMA_HOME: home,
      TEELAMMA_CLAUDE_URL: simulators.claude.url,
      OLLAMA_HOST: simulators.ollama.url,
      ANTHROPIC_API_KEY: 'simulated-key',
      ANTHROPIC_AUTH_TOKEN: '',
    },
    async [Symbol.asyncDispose]() {
      await simulators[Symbol.asyncDispose]();
      await removeScratch(home);
    },
  };
}
