import { existsSync } from 'node:fs';
import type { Environment } from '../../config/Config.ts';
import { type Setting, settings } from '../../config/settings.ts';
import type { Check } from './Check.ts';
import type { ReadableConfig } from './readable-config.ts';

/** Node, the configuration, and variables of the environment that change what happens. */
export function checkSetup(environment: Environment, { config, problems }: ReadableConfig): readonly Check[] {
  const { configFile } = config.paths;
  return [
    // An older Node is refused before any command is loaded.
    { name: 'Node', status: 'ok', found: `${process.versions.node} (22.13 or newer is needed)` },
    ...problems.map(
      (problem): Check => ({
        name: 'Configuration',
        status: 'fail',
        found: problem,
        fix: 'mend it (`teelamma config` lists the settings); until then every command refuses to work',
      }),
    ),
    ...(problems.length > 0
      ? []
      : [{ name: 'Configuration', status: 'ok', found: whereFrom(environment, configFile) } as const]),
    ...checkEnvironment(environment),
  ];
}

function whereFrom(environment: Environment, configFile: string): string {
  const names = Object.values<Omit<Setting, 'key'>>(settings)
    .map(({ environmentName }) => environmentName ?? '')
    .filter((name) => (environment[name] ?? '') !== '');
  const file = existsSync(configFile) ? configFile : `no ${configFile}, so defaults`;
  return names.length === 0 ? file : `${file}; stronger than that in the environment: ${names.join(', ')}`;
}

function checkEnvironment(environment: Environment): Check[] {
  const checks: Check[] = [];
  const add = (found: string, fix: string): void => {
    checks.push({ name: 'Environment', status: 'warn', found, fix });
  };
  const inheritedUrl = environment['ANTHROPIC_BASE_URL'];
  if (inheritedUrl && !environment['TEELAMMA_CLAUDE_URL']) {
    add(
      `ANTHROPIC_BASE_URL=${inheritedUrl} is set, so requests for Claude go there unless claude.url says otherwise`,
      'if that is not what you want: teelamma config set claude.url https://api.anthropic.com',
    );
  }
  const proxy = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find((name) => environment[name]);
  if (proxy && environment['NODE_USE_ENV_PROXY'] !== '1') {
    add(
      `${proxy} is set, and Node does not use it by itself`,
      'if Claude is reached through it only: export NODE_USE_ENV_PROXY=1 (Node 24 or newer)',
    );
  }
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    add(
      'NODE_TLS_REJECT_UNAUTHORIZED=0 turns certificate checks off, so anybody on the way can read your key',
      'unset it, and name your certificate authority in NODE_EXTRA_CA_CERTS',
    );
  }
  return checks;
}
