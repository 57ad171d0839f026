import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Installation, startInstallation } from '../support/installation.ts';
import { installPackage } from './install-package.ts';
import { runProgram } from './run-program.ts';
import { TerminalProgram } from './terminal-program.ts';

const version = '2.1.328';
const repository = resolve(import.meta.dirname, '../..');
const command = join(repository, 'dist/cli/main.js');
const apiKey = 'sk-test-not-a-key';
const limitTokens = 10_000_000;
const warning = 'Token budget default is 80% used (8,000,000 of 10,000,000), 2,000,000 tokens left until ';

interface Place {
  readonly program: string;
  readonly installation: Installation;
  readonly home: string;
  readonly project: string;
  readonly env: Readonly<Record<string, string>>;
}

interface StreamMessage {
  readonly type: string;
  readonly subtype?: string;
  readonly hook_event?: string;
  readonly stdout?: string;
  /** Of a hook. */
  readonly outcome?: string;
  readonly is_error?: boolean;
  readonly plugins?: ReadonlyArray<{ readonly name: string }>;
  readonly slash_commands?: readonly string[];
  readonly mcp_servers?: ReadonlyArray<{ readonly name: string; readonly status: string }>;
  readonly tools?: readonly string[];
}

/**
 * The real Claude Code with the plugin, installed from the repository, and with the status line: both in a temporary home, with its Claude
 * played by the simulator, and with `teelamma` on the PATH as a user has it.
 */
export async function testClaudeCodePlugin(log: (line: string) => void): Promise<void> {
  await using installed = await installPackage('@anthropic-ai/claude-code', version);
  if (installed.folder === null) {
    log(`SKIPPED: Claude Code ${version} could not be installed: ${installed.problem}`);
    return;
  }
  const program = join(installed.folder, 'node_modules/@anthropic-ai/claude-code/cli-wrapper.cjs');
  await using installation = await startInstallation();
  const place = await preparePlace(program, installation);
  await pluginIsValid(place);
  log('passed: `claude plugin validate --strict` takes the plugin and the marketplace');
  await pluginIsLoaded(place);
  log(
    'passed: installed from the repository: MCP server connected, commands there, the hook warns once, /teelamma:budget shows it',
  );
  await missingCommandIsTold(place);
  log('passed: without teelamma on the PATH a session works, and says once what is missing');
  await statusLineIsShown(place);
  log('passed: the terminal shows the status line and the warning of the hook');
}

async function preparePlace(program: string, installation: Installation): Promise<Place> {
  const home = join(installation.home, 'user');
  const bin = join(home, 'bin');
  const project = join(home, 'project');
  await mkdir(bin, { recursive: true });
  await mkdir(project);
  await writeFile(join(bin, 'teelamma'), `#!/bin/sh\nexec '${process.execPath}' '${command}' "$@"\n`);
  await chmod(join(bin, 'teelamma'), 0o755);
  await using app = await installation.open({ TEELAMMA_BUDGET: String(limitTokens) });
  await app.ledger.charge(8_000_000);
  await app[Symbol.asyncDispose]();
  const env = {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    HOME: home,
    ANTHROPIC_BASE_URL: installation.claude.url,
    ANTHROPIC_API_KEY: apiKey,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_TELEMETRY: '1',
    TEELAMMA_HOME: installation.home,
    TEELAMMA_BUDGET: String(limitTokens),
    OLLAMA_HOST: installation.ollama.url,
  };
  return { program, installation, home, project, env };
}

async function claude({ program, project, env }: Place, ...words: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runProgram([program, ...words], { cwd: project, env });
  assert.equal(exitCode, 0, `claude ${words.join(' ')} ended with ${exitCode}: ${stdout}${stderr}`);
  return stdout;
}

async function pluginIsValid(place: Place): Promise<void> {
  await claude(place, 'plugin', 'validate', join(repository, 'plugin'), '--strict');
  await claude(place, 'plugin', 'validate', repository, '--strict');
}

async function pluginIsLoaded(place: Place): Promise<void> {
  const { installation } = place;
  await claude(place, 'plugin', 'marketplace', 'add', repository);
  await claude(place, 'plugin', 'install', 'teelamma@claude-teelamma');
  const before = installation.claude.requests.length;
  const { messages, init } = await connectedSession(place);
  assert.ok(
    init.plugins?.some(({ name }) => name === 'teelamma'),
    'the plugin is loaded',
  );
  for (const name of ['budget', 'forecast', 'debt', 'route', 'run']) {
    assert.ok(init.slash_commands?.includes(`teelamma:${name}`), `/teelamma:${name} is there`);
  }
  // The commands allow exactly these.
  for (const name of ['route_task', 'run_task']) {
    assert.ok(init.tools?.includes(`mcp__plugin_teelamma_teelamma__${name}`), `${name} has that name`);
  }

  const answers = messages.filter(({ subtype }) => subtype === 'hook_response');
  assert.deepEqual(
    ['SessionStart', 'UserPromptSubmit', 'Stop'].map(
      (event) => answers.filter(({ hook_event }) => hook_event === event).length,
    ),
    [1, 1, 1],
  );
  const warnings = answers.filter(({ stdout: said }) => said?.includes(warning));
  assert.deepEqual(
    warnings.map(({ hook_event }) => hook_event),
    ['SessionStart'],
    'the session is warned once, when it starts',
  );

  const sent = JSON.stringify(installation.claude.requests.slice(before).map(({ body }) => body));
  assert.match(sent, /Token budget default: 10,000,000 tokens per 24h/, 'the command ran `teelamma budget`');
}

async function missingCommandIsTold(place: Place): Promise<void> {
  const without = { ...place, env: { ...place.env, PATH: process.env['PATH'] ?? '' } };
  const stdout = await claude(without, '-p', 'Hello', ...streaming);
  const messages = messagesOf(stdout);
  const answers = messages.filter(({ subtype }) => subtype === 'hook_response');
  assert.deepEqual(
    answers.map(({ outcome }) => outcome),
    ['success', 'success', 'success'],
  );
  const told = answers.filter(({ stdout: said }) => said?.includes('npm install -g claude-teelamma'));
  assert.deepEqual(
    told.map(({ hook_event }) => hook_event),
    ['SessionStart'],
  );
  assert.ok(
    messages.some(({ type, is_error }) => type === 'result' && is_error === false),
    'the session gives its answer',
  );
  await claude(place, 'plugin', 'uninstall', 'teelamma@claude-teelamma');
}

const streaming = ['--output-format', 'stream-json', '--verbose', '--include-hook-events'];

function messagesOf(stdout: string): readonly StreamMessage[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as StreamMessage);
}

/** Claude Code waits for a server only for a short time; on a busy machine another session may be needed. */
async function connectedSession(place: Place) {
  for (let tries = 1; ; tries += 1) {
    const messages = messagesOf(await claude(place, '-p', '/teelamma:budget', ...streaming));
    const init = messages.find(({ subtype }) => subtype === 'init');
    assert.ok(init, 'the session says how it starts');
    const server = init.mcp_servers?.find(({ name }) => name === 'plugin:teelamma:teelamma');
    if (server?.status === 'connected') return { messages, init };
    assert.ok(server?.status === 'pending' && tries < 5, `the MCP server is ${server?.status ?? 'missing'}`);
  }
}

/** As `teelamma init` sets it up. Everything that it did to the files of Claude Code is gone afterwards. */
async function statusLineIsShown(place: Place): Promise<void> {
  const { program, home, project, env } = place;
  await answerFirstQuestions(place);
  const settings = join(home, '.claude', 'settings.json');
  const before = await readFile(settings, 'utf8');
  await teelamma(place, 'init', '--user', '--plugin', '--yes');
  {
    const options = { cwd: project, env, columns: 140 };
    await using terminal = new TerminalProgram([process.execPath, program], options);
    await terminal.waitFor(/SessionStart:startup says: Token budget default is 80% used/);
    await terminal.waitFor(/budget ██████░░ 80% 2,000,000 left, resets [\w: ]+ \| /);
    await using app = await place.installation.open({ TEELAMMA_BUDGET: String(limitTokens) });
    await app.ledger.charge(1_000_000);
    await app[Symbol.asyncDispose]();
    terminal.type('Hello');
    await terminal.waitFor(/Hello/);
    terminal.type('\r');
    await terminal.waitFor(/UserPromptSubmit says: Token budget default is 90% used/);
    await terminal.waitFor(/budget ███████░ 90% 1,000,000 left/);
  }
  await teelamma(place, 'init', '--user', '--undo', '--yes');
  assert.equal(await readFile(settings, 'utf8'), before);
}

async function teelamma({ project, env }: Place, ...words: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runProgram([command, ...words], { cwd: project, env });
  assert.equal(exitCode, 0, `teelamma ${words.join(' ')} ended with ${exitCode}: ${stderr}`);
}

/** What a user answers once: the theme, the key, whether the folder is trusted. */
async function answerFirstQuestions({ home, project }: Place): Promise<void> {
  const file = join(home, '.claude.json');
  const known = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  const answered = {
    ...known,
    hasCompletedOnboarding: true,
    theme: 'dark',
    customApiKeyResponses: { approved: [apiKey], rejected: [] },
    projects: { [project]: { hasTrustDialogAccepted: true } },
  };
  await writeFile(file, JSON.stringify(answered));
}
