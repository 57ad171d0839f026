import type { Config, ConfigSource, Environment } from './Config.ts';
import { type FileSettings, readConfigFile } from './config-file.ts';
import { InvalidConfigError } from './InvalidConfigError.ts';
import { countedLimit, parseBudgets } from './parse-budgets.ts';
import { parseModelRules } from './parse-model-rules.ts';
import { resolvePaths } from './paths.ts';
import type { KindRates } from './prices/ModelPrice.ts';
import { parsePrices } from './prices/parse-prices.ts';
import { priceTable } from './prices/price-table.ts';
import { type Setting, type SettingKey, settings } from './settings.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** Where each setting's value came from. */
  readonly sources: ReadonlyMap<SettingKey, ConfigSource>;
  /** Each setting's value as it is used. */
  readonly values: ReadonlyMap<SettingKey, unknown>;
}

/**
 * Defaults, then config.json, then the environment, the later over the earlier. An environment variable that is set to the empty
 * string counts as not set.
 * @throws InvalidConfigError naming the setting, where it stands and what is accepted.
 */
export function loadConfig(environment: Environment): LoadedConfig {
  const paths = resolvePaths(environment);
  const { settings: file, budgets, prices: ownPrices } = readConfigFile(paths.configFile);
  const prices = [...parsePrices(ownPrices, paths.configFile), ...priceTable];
  const values = new Map<SettingKey, unknown>();
  const sources = new Map<SettingKey, ConfigSource>();
  for (const key of Object.keys(settings) as SettingKey[]) {
    const { value, source } = resolveSetting(key, file, environment, paths.configFile);
    values.set(key, value);
    sources.set(key, source);
  }
  const get = <T>(key: SettingKey): T => values.get(key) as T;
  const inheritedUrl = environment['ANTHROPIC_BASE_URL'] || undefined;
  return {
    sources,
    values,
    config: {
      paths,
      budget: {
        ...countedLimit(get('budget.limit'), get<KindRates | undefined>('budget.weights'), prices),
        windowMs: get('budget.window'),
        thresholdsPercent: get('budget.thresholds'),
        allowForced: get('budget.allowForced'),
      },
      budgets: parseBudgets(budgets, paths.configFile, prices),
      prices,
      claude: {
        model: get('claude.model'),
        url: get<string | undefined>('claude.url') ?? inheritedUrl,
        apiKey: environment['ANTHROPIC_API_KEY'] || undefined,
        authToken: environment['ANTHROPIC_AUTH_TOKEN'] || undefined,
        timeoutMs: get('claude.timeout'),
        stallTimeoutMs: get('claude.stallTimeout'),
        maxTokens: get('claude.maxTokens'),
        reserveShare: get('claude.reserve'),
      },
      ollama: {
        host: get('ollama.host'),
        model: get('ollama.model'),
        timeoutMs: get('ollama.timeout'),
        stallTimeoutMs: get('ollama.stallTimeout'),
      },
      router: {
        threshold: get('router.threshold'),
        strategy: get('router.strategy'),
        exploration: get('router.exploration'),
      },
      critic: {
        repairRounds: get('critic.repairRounds'),
        reviewer: get('critic.reviewer'),
        reviewTimeoutMs: get('critic.reviewTimeout'),
      },
      debt: { enabled: get('debt.enabled'), share: get('debt.share'), keepMs: get('debt.keepFor') },
      checks: {
        enabled: get('checks.enabled'),
        sandbox: get('checks.sandbox'),
        commands: get('checks.commands'),
        examples: get('checks.examples'),
        timeoutMs: get('checks.timeout'),
        memoryBytes: get('checks.memory'),
      },
      workspace: {
        maxTurns: get('workspace.maxTurns'),
        maxTokens: get('workspace.maxTokens'),
        timeoutMs: get('workspace.timeout'),
      },
      gateway: {
        host: get('gateway.host'),
        port: get('gateway.port'),
        models: parseModelRules(get<string | undefined>('gateway.models') ?? '') ?? [],
        background: get('gateway.background'),
        routeByComplexity: get('gateway.routeByComplexity'),
        continueAnswers: get('gateway.continueAnswers'),
        notices: get('gateway.notices'),
      },
      notifications: {
        terminal: get('notifications.terminal'),
        desktop: get('notifications.desktop'),
        webhook: webhookOf(
          get('notifications.webhookUrl'),
          get('notifications.webhookSecretEnv'),
          environment,
        ),
      },
      hook: { block: get('hook.block') },
      log: { level: get('log.level'), prompts: get('log.prompts') },
      ledger: {
        synchronous: get('ledger.synchronous'),
        lease: get('ledger.lease'),
        url: ledgerUrl(environment),
      },
    },
  };
}

/**
 * Checks one value as config.json or the command line would give it.
 * @throws InvalidConfigError
 */
export function checkSetting(key: SettingKey, value: unknown, place: string): unknown {
  const { form } = settings[key] as Omit<Setting, 'key'>;
  const checked = form.parse(value);
  if (checked !== null) return checked;
  throw new InvalidConfigError(
    place,
    key,
    `is ${JSON.stringify(value) ?? String(value)}: must be ${form.expected}`,
  );
}

/** From the environment alone, since it may hold a password; which is why the value is not repeated where it is wrong. */
function ledgerUrl(environment: Environment): string | undefined {
  const url = environment['TEELAMMA_LEDGER'] || undefined;
  if (url === undefined || (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url))) return url;
  throw new InvalidConfigError(
    'the environment (TEELAMMA_LEDGER)',
    '',
    'must be the URL of a Postgres database, such as postgres://teelamma@db.example:5432/teelamma',
  );
}

function webhookOf(url: string | undefined, secretEnv: string, environment: Environment) {
  return url === undefined ? null : { url, secretEnv, secret: environment[secretEnv] || undefined };
}

function resolveSetting(
  key: SettingKey,
  file: FileSettings,
  environment: Environment,
  configFile: string,
): { value: unknown; source: ConfigSource } {
  const { environmentName, fallback } = settings[key] as Omit<Setting, 'key'>;
  const fromEnvironment = environmentName === undefined ? '' : (environment[environmentName] ?? '');
  if (environmentName !== undefined && fromEnvironment !== '') {
    return {
      value: checkSetting(key, fromEnvironment, `the environment (${environmentName})`),
      source: 'environment',
    };
  }
  if (file.has(key)) return { value: checkSetting(key, file.get(key), configFile), source: 'file' };
  return { value: fallback, source: 'default' };
}
