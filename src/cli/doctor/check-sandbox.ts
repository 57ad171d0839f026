import type { Config, Environment } from '../../config/Config.ts';
import { findSandbox } from '../../workspace/sandbox/find-sandbox.ts';
import type { Check } from './Check.ts';

/** Whether code that a model wrote can be run where it does no harm; without a sandbox it is not run at all. */
export async function checkSandbox(
  config: Config,
  environment: Environment,
  signal: AbortSignal,
): Promise<Check> {
  if (config.checks.sandbox === 'none') {
    return {
      name: 'Sandbox',
      status: 'warn',
      found: 'none, by checks.sandbox: code that a model wrote runs as you, with your files and network',
      fix: 'teelamma config unset checks.sandbox',
    };
  }
  const search = await findSandbox(
    { sandbox: 'auto', path: environment['PATH'] ?? '', home: environment['HOME'] ?? '/' },
    signal,
  );
  if (!search.found) {
    return {
      name: 'Sandbox',
      status: 'warn',
      found: `none, so neither checks nor examples are run: ${search.why}`,
      fix: search.howToGetOne,
    };
  }
  const limits = search.mode === 'root-namespace' ? '; the number of processes is only watched here' : '';
  return { name: 'Sandbox', status: 'ok', found: `${search.sandbox.description}, tried${limits}` };
}
