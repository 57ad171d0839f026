import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ClaudeCall } from '../../src/simulators/claude/answer-claude-call.ts';
import type { RecordedRequest } from '../../src/simulators/recorded-request.ts';
import type { ScriptedAnswer } from '../../src/simulators/scripted-answer.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { installPackage } from './install-package.ts';
import { runProgram } from './run-program.ts';

const version = '2.1.328';
const tool = 'mcp__teelamma__run_task';
const task = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';
const command = resolve(import.meta.dirname, '../../dist/cli/main.js');

/** What `run_task` gave to Claude Code's model. */
interface TaskAnswer {
  readonly outcome: string;
  readonly agent: string;
  readonly chargedTokens: number;
  readonly warnings: readonly string[];
  readonly decision: { readonly reason: string };
}

interface Case {
  readonly forceAgent: 'claude' | 'ollama' | undefined;
  readonly exhausted: boolean;
  readonly agent: 'claude-specialist' | 'ollama-specialist';
  readonly reason: RegExp;
}

const exhaustedReason = /^Token budget exhausted - automatic downgrade to Ollama$/;
const cases: readonly Case[] = [
  { forceAgent: undefined, exhausted: false, agent: 'claude-specialist', reason: /^Complex task/ },
  { forceAgent: 'claude', exhausted: false, agent: 'claude-specialist', reason: /forced/ },
  { forceAgent: 'ollama', exhausted: false, agent: 'ollama-specialist', reason: /forced/ },
  { forceAgent: undefined, exhausted: true, agent: 'ollama-specialist', reason: exhaustedReason },
  { forceAgent: 'claude', exhausted: true, agent: 'claude-specialist', reason: /forced/ },
  { forceAgent: 'ollama', exhausted: true, agent: 'ollama-specialist', reason: /forced/ },
];

/**
 * The real Claude Code, headless, with its own Claude played by the simulator: its model calls `run_task`, and is told what came of it. The
 * server is started by Claude Code and inherits its ANTHROPIC_BASE_URL and key, as it does at a user's.
 */
export async function testClaudeCode(log: (line: string) => void): Promise<void> {
  await using installed = await installPackage('@anthropic-ai/claude-code', version);
  if (installed.folder === null) {
    log(`SKIPPED: Claude Code ${version} could not be installed: ${installed.problem}`);
    return;
  }
  const program = join(installed.folder, 'node_modules/@anthropic-ai/claude-code/cli-wrapper.cjs');
  let forceAgent: Case['forceAgent'];
  await using installation = await startInstallation({
    claude: { respond: (call) => answerClaudeCode(call, forceAgent) },
  });
  for (const each of cases) {
    forceAgent = each.forceAgent;
    await setExhausted(installation, each.exhausted);
    const answer = await runOnce(program, installation);
    assert.equal(answer.outcome, 'approved');
    assert.equal(answer.agent, each.agent);
    assert.match(answer.decision.reason, each.reason);
    assert.equal(answer.warnings.length, each.exhausted && each.forceAgent === 'claude' ? 1 : 0);
    const budget = each.exhausted ? 'exhausted' : 'with room';
    log(
      `passed: forceAgent ${each.forceAgent ?? 'absent'}, budget ${budget}: ${answer.agent}, ${answer.chargedTokens} tokens charged`,
    );
  }
}

/** Claude Code's own requests have tools; the specialist's have none, and get the built-in answer. */
function answerClaudeCode({ body }: ClaudeCall, forceAgent: Case['forceAgent']): ScriptedAnswer | undefined {
  if ((body.tools ?? []).length === 0) return undefined;
  if (JSON.stringify(body.messages.at(-1)).includes('"tool_result"')) return { text: 'It is done.' };
  const input = { task, ...(forceAgent && { forceAgent }) };
  return { content: [{ type: 'tool_use', name: tool, input }] };
}

async function setExhausted(installation: Installation, exhausted: boolean): Promise<void> {
  const app = await installation.open();
  await app.ledger.reset();
  if (exhausted) await app.ledger.charge(10_000);
  await app[Symbol.asyncDispose]();
}

/** One `claude -p`; checks that it ends well and that each of its tokens is where it belongs. */
async function runOnce(program: string, installation: Installation): Promise<TaskAnswer> {
  const { home, remove } = temporaryHome();
  try {
    const cwd = join(home, 'project');
    await mkdir(cwd);
    const config = join(home, 'mcp.json');
    const server = { command: process.execPath, args: [command, 'mcp'] };
    await writeFile(config, JSON.stringify({ mcpServers: { teelamma: server } }));
    const before = installation.claude.requests.length;
    const args = [
      '-p',
      'Please delegate this.',
      '--mcp-config',
      config,
      '--strict-mcp-config',
      '--allowedTools',
      tool,
    ];
    const { exitCode, stdout, stderr } = await runProgram([program, ...args], {
      cwd,
      env: environmentOf(home, installation),
    });
    assert.equal(exitCode, 0, `claude -p ended with ${exitCode}: ${stdout}${stderr}`);
    assert.match(stdout, /It is done\./);

    const requests = installation.claude.requests.slice(before).filter(({ callIndex }) => callIndex !== null);
    const answer = toolResultIn(requests);
    const charged = requests
      .filter((request) => !hasTools(request))
      .reduce((sum, { billed }) => sum + (billed ? billed.inputTokens + billed.outputTokens : 0), 0);
    assert.equal(
      answer.chargedTokens,
      charged,
      'what the tool says was charged is what Claude billed for the task',
    );
    return answer;
  } finally {
    remove();
  }
}

function environmentOf(
  home: string,
  { claude, ollama, home: installed }: Installation,
): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    ANTHROPIC_BASE_URL: claude.url,
    ANTHROPIC_API_KEY: 'sk-test-not-a-key',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_TELEMETRY: '1',
    TEELAMMA_HOME: installed,
    OLLAMA_HOST: ollama.url,
  };
}

function hasTools({ body }: RecordedRequest): boolean {
  return ((body as { readonly tools?: readonly unknown[] } | undefined)?.tools ?? []).length > 0;
}

/** The tool result in Claude Code's last request, which is `structuredContent` as JSON. */
function toolResultIn(requests: readonly RecordedRequest[]): TaskAnswer {
  const body = requests.filter(hasTools).at(-1)?.body as {
    readonly messages: ReadonlyArray<{ readonly content: unknown }>;
  };
  const blocks = body.messages.flatMap(({ content }) =>
    Array.isArray(content) ? (content as unknown[]) : [],
  );
  const result = blocks.find((block) => (block as { readonly type?: string }).type === 'tool_result') as
    | { readonly content: string; readonly is_error?: boolean }
    | undefined;
  assert.ok(result && !result.is_error, `the tool failed: ${JSON.stringify(result)}`);
  return JSON.parse(result.content) as TaskAnswer;
}
