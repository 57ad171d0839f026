import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../test/support/free-port.ts';

/** A gateway of others, in front of the fake upstream. */
export interface Peer {
  readonly url: string;
  readonly child: ChildProcess;
  /** What its clients must send besides their own headers. */
  readonly headers: Readonly<Record<string, string>>;
}

export const peerNames = ['claude-code-router', 'portkey'] as const;
export type PeerName = (typeof peerNames)[number];

const programs: Readonly<Record<PeerName, string>> = {
  'claude-code-router': '@musistudio/claude-code-router/dist/cli.js',
  portkey: '@portkey-ai/gateway/build/start-server.js',
};

/** Which of them are installed in the `node_modules` of this folder. */
export function installedPeers(folder: string | undefined): readonly PeerName[] {
  if (folder === undefined) return [];
  return peerNames.filter((name) => existsSync(programOf(name, folder)));
}

/** Starts one with its logs off, as a relay of the Messages API to `upstreamUrl`; resolves when it answers. */
export async function startPeer(
  name: PeerName,
  folder: string,
  upstreamUrl: string,
  home: string,
): Promise<Peer> {
  const port = await freePort();
  const program = programOf(name, folder);
  const environment = { ...process.env, HOME: home, NODE_NO_WARNINGS: '1' };
  mkdirSync(join(home, '.claude-code-router'), { recursive: true });
  writeFileSync(join(home, '.claude-code-router', 'config.json'), routerConfig(port, upstreamUrl));
  const given = name === 'portkey' ? [program, `--port=${port}`, '--headless'] : [program, 'start'];
  const child = spawn(process.execPath, given, { env: environment, stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const headers: Record<string, string> =
    name === 'portkey'
      ? { 'x-portkey-provider': 'anthropic', 'x-portkey-custom-host': `${upstreamUrl}/v1` }
      : {};
  await untilItListens(url, child, name);
  return { url, child, headers };
}

function routerConfig(port: number, upstreamUrl: string): string {
  const model = 'claude-sonnet-5-5';
  const provider = {
    name: 'claude',
    api_base_url: `${upstreamUrl}/v1/messages`,
    api_key: 'sk-bench-not-a-key',
    models: [model],
    transformer: { use: ['Anthropic'] },
  };
  const always = { LOG: false, HOST: '127.0.0.1', PORT: port, NON_INTERACTIVE_MODE: true };
  return JSON.stringify({ ...always, Providers: [provider], Router: { default: `claude,${model}` } });
}

function programOf(name: PeerName, folder: string): string {
  return join(folder, 'node_modules', programs[name]);
}

async function untilItListens(url: string, child: ChildProcess, name: PeerName): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (child.exitCode !== null) throw new Error(`${name} ended with code ${child.exitCode}`);
    const answered = await fetch(url).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await delay(100);
  }
  throw new Error(`${name} did not listen on ${url}`);
}
