import type { Config } from './Config.ts';
import type { LoadedConfig } from './load-config.ts';

/** Header by which this project's gateway says what it is, with its version, on `GET /health`. */
export const gatewayHeader = 'x-teelamma-gateway';

const timeoutMs = 1_500;

/**
 * Whether a base URL is this project's own gateway: asks `GET <url>/health`, without any key, and looks for its header. False where
 * nobody answers in 1.5 s.
 */
async function isOwnGateway(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url.replace(/\/+$/, '')}/health`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    return response.headers.has(gatewayHeader);
  } catch {
    return false;
  }
}

/**
 * The configuration to work with. Claude Code hands its own `ANTHROPIC_BASE_URL` to the MCP servers it starts; where that is our
 * gateway, a task that used it as its upstream would be charged twice and could go round in circles. So an inherited URL that answers as
 * our gateway is not used; one that was configured (`TEELAMMA_CLAUDE_URL`, `claude.url`) is never questioned.
 */
export async function withoutOwnGateway({
  config,
  values,
}: LoadedConfig): Promise<{ readonly config: Config; readonly problem: string | null }> {
  const { url } = config.claude;
  const isInherited = url !== undefined && values.get('claude.url') === undefined;
  if (!isInherited || isAnthropic(url) || !(await isOwnGateway(url))) return { config, problem: null };
  return {
    config: { ...config, claude: { ...config.claude, url: undefined } },
    problem:
      `ANTHROPIC_BASE_URL (${url}) is this project's own gateway, which would charge every token twice, so Claude is asked at ` +
      "Anthropic's own address. Set TEELAMMA_CLAUDE_URL where it is to be another.",
  };
}

function isAnthropic(url: string): boolean {
  return URL.canParse(url) && /(^|\.)anthropic\.com$/.test(new URL(url).hostname);
}
