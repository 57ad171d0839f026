import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '../../app.ts';
import { anthropicUrl } from '../../config/anthropic-url.ts';
import type { Config } from '../../config/Config.ts';
import type { Gateway, GatewayPorts } from '../../gateway/app.ts';
import { ReportedLimits } from '../../state/ReportedLimits.ts';
import type { CliContext } from '../CliContext.ts';
import { exitCodes } from '../exit-codes.ts';
import { writeLine, writeNote } from '../output.ts';
import { parseWholeNumber } from '../parse-whole-number.ts';
import { decisionLine } from './decision-line.ts';
import { limitAdvice } from './limit-advice.ts';

export interface ServeOptions {
  readonly host?: string;
  readonly port?: string;
  readonly explain?: boolean;
  readonly simulate?: boolean;
}

/** Serves until a signal comes; running answers may end for a short time, and every hold is settled. */
export async function serveGateway(context: CliContext, options: ServeOptions): Promise<void> {
  const port = options.port === undefined ? undefined : parseWholeNumber('--port', options.port, 0, 65_535);
  const { signal } = context;
  const note = (message: string) => writeNote(context, `teelamma serve: ${message}`);
  const { createApp } = await import('../../app.ts');
  await using app = await createApp({
    door: 'gateway',
    environment: context.environment,
    simulate: options.simulate === true,
    telemetry: 'variables',
    metrics: true,
    onWarning: note,
    onNotice: (line) => note(context.errorStyle.yellow(line)),
  });
  const { config } = app;
  const listen = { host: options.host ?? config.gateway.host, port: port ?? config.gateway.port };
  const claudeUrl = await claudeUrlOf(config, listen, context);
  const { createDashboard } = await import('../../dashboard/create-dashboard.ts');
  const { dashboardOptions, dashboardPorts } = await import('../dashboard/dashboard-parts.ts');
  const dashboard = createDashboard(dashboardOptions(app), dashboardPorts(app, context.environment));
  await using gateway = await gatewayOf(app, {
    page: dashboard.handle,
    ...listen,
    claudeUrl,
    onDecision: (decision) => {
      const { from, agent, reason } = decision;
      if (from !== null && agent !== 'none' && from !== agent) {
        app.notify({ type: 'handover', from, to: agent, reason, door: 'gateway' });
      }
      if (options.explain) writeNote(context, decisionLine(decision, context));
    },
  });
  const url = await gateway.start();
  writeLine(context, `ANTHROPIC_BASE_URL=${url}`);
  if (options.simulate) note('SIMULATED: answers come from a simulator; your budget is not touched');
  note(`Claude is asked at ${claudeUrl}, Ollama (${config.ollama.model}) at ${config.ollama.host}`);
  const { limitTokens, counts } = config.budget;
  if (counts?.unit !== 'micro-usd') for (const line of limitAdvice(limitTokens)) note(line);
  note(`The dashboard is at ${url}/ (on this machine, while the gateway has no keys)`);
  if (!signal.aborted) await once(signal, 'abort');
  dashboard.close();
  note('ending: running answers have 5 seconds');
  // A signal is the ordinary way to end a server.
  context.setExitCode(exitCodes.ok);
}

interface Serving extends Pick<GatewayPorts, 'onDecision' | 'page'> {
  readonly host: string;
  readonly port: number;
  readonly claudeUrl: string;
}

/**
 * Where Claude is asked. A shell that has `ANTHROPIC_BASE_URL` for its clients hands it to the gateway too: while that gateway does not
 * listen yet, nothing else tells that the address is its own.
 */
async function claudeUrlOf(
  { claude }: Config,
  listen: { readonly host: string; readonly port: number },
  context: CliContext,
): Promise<string> {
  const { url } = claude;
  const { ANTHROPIC_BASE_URL: inherited, TEELAMMA_CLAUDE_URL: chosen } = context.environment;
  if (url === undefined || url !== inherited || chosen) return url ?? anthropicUrl;
  const { isOwnAddress } = await import('../../gateway/own-address.ts');
  if (!isOwnAddress(url, listen)) return url;
  writeNote(
    context,
    `teelamma serve: ANTHROPIC_BASE_URL (${url}) is this gateway itself, so Claude is asked at Anthropic's own address. Set TEELAMMA_CLAUDE_URL where it is to be another.`,
  );
  return anthropicUrl;
}

/** The gateway over an installation's parts. */
async function gatewayOf(app: App, { host, port, claudeUrl, onDecision, page }: Serving): Promise<Gateway> {
  const { createGateway } = await import('../../gateway/app.ts');
  const { followGatewayKeys, gatewayKeysFile } = await import('../../gateway/keys/key-store.ts');
  const { config, ledger, ollama, router, log, observe, scrape } = app;
  const limits = gatewayLimits(config, (problem) => {
    log.record({ agent: 'gateway', action: 'limits', level: 'warn', input: {}, output: { problem } });
  });
  const { claude, gateway, paths } = config;
  const agentOf = (flag: 'claude' | 'ollama') => `${flag}-specialist` as const;
  return createGateway(
    {
      host,
      port,
      upstream: {
        url: claudeUrl,
        timeoutMs: claude.timeoutMs,
        stallTimeoutMs: claude.stallTimeoutMs,
      },
      ownCredential: ownCredential(config),
      policy: {
        models: gateway.models.map(({ pattern, agent }) => ({ pattern, agent: agentOf(agent) })),
        background: agentOf(gateway.background),
        routeByComplexity: gateway.routeByComplexity,
      },
      continueAnswers: gateway.continueAnswers,
      notices: gateway.notices,
    },
    {
      ledger,
      ollama,
      router,
      log,
      nowMs: Date.now,
      newId: randomUUID,
      sleep: async (durationMs, signal) => {
        await delay(durationMs, undefined, { ...(signal && { signal }) });
      },
      limits,
      keys: followGatewayKeys(gatewayKeysFile(paths), { nowMs: Date.now }),
      ...(onDecision && { onDecision }),
      ...(page && { page }),
      ...(observe && { observe }),
      ...(scrape && { metrics: scrape }),
    },
  );
}

/** Looked at with every request and told of every answer, so it reads and writes its file only now and then. */
function gatewayLimits({ paths, claude }: Config, onProblem: (problem: string) => void): ReportedLimits {
  const { reserveShare } = claude;
  const options = { file: paths.claudeLimitsFile, reserveShare, writeEveryMs: 10_000, readEveryMs: 1_000 };
  return new ReportedLimits(options, { nowMs: Date.now, onProblem });
}

/** The installation's own key, which stands in for clients that show a key of the gateway alone. */
function ownCredential({ claude }: Config): readonly [string, string] | null {
  if (claude.apiKey !== undefined) return ['x-api-key', claude.apiKey];
  if (claude.authToken !== undefined) return ['authorization', `Bearer ${claude.authToken}`];
  return null;
}
