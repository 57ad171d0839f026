import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chargedTokens, noUsage } from '../../src/messages/token-usage.ts';
import type { ClaudeCall } from '../../src/simulators/claude/answer-claude-call.ts';
import type { OllamaCall } from '../../src/simulators/ollama/answer-chat.ts';
import type { AnswerBlock, ScriptedAnswer } from '../../src/simulators/scripted-answer.ts';
import { startTestGateway, type TestGateway } from '../support/start-gateway.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { installPackage } from './install-package.ts';
import { runProgram } from './run-program.ts';

const version = '2.1.328';
const finished = 'The whole task is finished.';

interface Situation {
  readonly name: string;
  /** Tokens of the budget. */
  readonly limit: number;
  /** What goes wrong, before Claude Code starts. */
  readonly prepare?: (gateway: TestGateway) => void | Promise<void>;
  /** A second run of the same session, after this. */
  readonly resumeAfter?: (gateway: TestGateway) => Promise<void>;
  /** Who must have given answers to requests with tools. */
  readonly agents: readonly ('claude-specialist' | 'ollama-specialist')[];
}

const plenty = 20_000_000;
const situations: readonly Situation[] = [
  { name: 'plenty of budget', limit: plenty, agents: ['claude-specialist'] },
  { name: 'budget gone from the start', limit: 100, agents: ['ollama-specialist'] },
  {
    name: 'budget gone in the middle of the task',
    limit: plenty,
    prepare: exhaustAfterTwoAnswers,
    agents: ['claude-specialist', 'ollama-specialist'],
  },
  {
    name: '429 with a long retry-after',
    limit: plenty,
    prepare: ({ installation }) =>
      installation.claude.faults.at(1, { kind: 'rate-limited', retryAfterSeconds: 3_600 }),
    agents: ['claude-specialist', 'ollama-specialist'],
  },
  {
    name: '529 once',
    limit: plenty,
    prepare: ({ installation }) => installation.claude.faults.at(1, { kind: 'overloaded' }),
    agents: ['claude-specialist', 'ollama-specialist'],
  },
  {
    name: 'upstream killed within a tool call',
    limit: plenty,
    prepare: ({ installation }) => installation.claude.faults.at(1, { kind: 'disconnect', afterEvents: 4 }),
    agents: ['claude-specialist'],
  },
  {
    name: 'upstream killed within the last text',
    limit: plenty,
    prepare: ({ installation }) => installation.claude.faults.at(3, { kind: 'disconnect', afterEvents: 4 }),
    agents: ['claude-specialist', 'ollama-specialist'],
  },
  {
    name: 'Ollama answers tool calls as text',
    limit: 100,
    prepare({ installation }) {
      // The three calls; with the fault, the last answer would become a call too.
      for (const [call, form] of (['json', 'fenced', 'tagged'] as const).entries())
        installation.ollama.faults.at(call, { kind: 'tool-call-as-text', form });
    },
    agents: ['ollama-specialist'],
  },
  {
    name: 'back to Claude after a reset (--resume)',
    limit: plenty,
    prepare: async ({ app }) => void (await app.ledger.charge(plenty)),
    resumeAfter: async ({ app }) => app.ledger.reset(),
    agents: ['claude-specialist', 'ollama-specialist'],
  },
];

/**
 * The real Claude Code, headless, through the gateway before both simulators: a task of Read, Write and Bash in each situation that a
 * session meets. It must finish in all of them, with the cap held and no hold left open. Prints a table.
 */
export async function testClaudeCodeGateway(log: (line: string) => void): Promise<void> {
  await using installed = await installPackage('@anthropic-ai/claude-code', version);
  if (installed.folder === null) {
    log(`SKIPPED: Claude Code ${version} could not be installed: ${installed.problem}`);
    return;
  }
  const program = join(installed.folder, 'node_modules/@anthropic-ai/claude-code/cli-wrapper.cjs');
  await runGatewayTable(program, log);
}

async function runGatewayTable(program: string, log: (line: string) => void): Promise<void> {
  log('| situation | ended | requests to Claude | answered by | charged |');
  log('| --- | --- | --- | --- | --- |');
  const failures: string[] = [];
  for (const situation of situations) {
    try {
      log(await runSituation(program, situation));
    } catch (error) {
      failures.push(situation.name);
      log(`| ${situation.name} | FAILED: ${error instanceof Error ? error.message : String(error)} | | | |`);
    }
  }
  assert.deepEqual(failures, [], 'every situation ends well');
}

async function runSituation(program: string, situation: Situation): Promise<string> {
  await using gateway = await startTestGateway({
    limit: situation.limit,
    providers: { claude: { respond: answerOfClaude }, ollama: { respond: answerOfOllama } },
  });
  await situation.prepare?.(gateway);
  const { home, remove } = temporaryHome();
  try {
    const session = randomUUID();
    await runTask(program, gateway, home, ['--session-id', session], 1);
    if (situation.resumeAfter !== undefined) {
      await situation.resumeAfter(gateway);
      await runTask(program, gateway, home, ['--resume', session], 2);
    }
  } finally {
    remove();
  }
  return checkedRow(situation, gateway);
}

/** One `claude -p`: a file is read, another written, a command run; checks that all of it happened. */
async function runTask(
  program: string,
  gateway: TestGateway,
  home: string,
  session: readonly string[],
  run: number,
): Promise<void> {
  const cwd = join(home, 'project');
  await mkdir(cwd, { recursive: true });
  await writeFile(join(cwd, 'input.txt'), 'the input\n');
  const prompt = `Read input.txt, write output-${run}.txt, show it. Folder <<${cwd}>> run <<${run}>>`;
  const args = [program, '-p', prompt, ...session, '--allowedTools', 'Read', 'Write', 'Bash'];
  const { exitCode, stdout, stderr } = await runProgram(args, { cwd, env: environmentOf(home, gateway) });
  assert.equal(exitCode, 0, `claude ended with ${exitCode}: ${(stdout + stderr).slice(0, 300)}`);
  assert.match(stdout, /finished\./, `the last answer is ${JSON.stringify(stdout.slice(0, 200))}`);
  assert.equal(await readFile(join(cwd, `output-${run}.txt`), 'utf8'), `written in run ${run}\n`);
  assert.equal(await readFile(join(cwd, `shown-${run}.txt`), 'utf8'), `written in run ${run}\n`);
}

async function checkedRow(situation: Situation, gateway: TestGateway): Promise<string> {
  await gateway.settled();
  const { app, installation, decisions } = gateway;
  const [budget] = await app.ledger.status();
  assert.ok(budget && budget.settledTokens <= budget.limitTokens, 'the cap holds');
  const turns = (await app.ledger.history({ limit: 1_000 })).filter(
    ({ agent }) => agent === 'claude-specialist',
  );
  const charged = turns.reduce((sum, turn) => sum + turn.chargedTokens, 0);
  const billed = chargedTokens({ ...noUsage, ...installation.claude.usageTotals });
  assert.ok(charged >= billed, `the ledger has ${charged}, Claude billed ${billed}`);
  const unknown = turns.filter(({ state }) => state === 'assumed').length;
  if (unknown === 0) assert.equal(charged, billed, 'the ledger has what Claude billed');
  const agents = new Set(decisions.flatMap(({ agent, from }) => [agent, agent === 'none' ? null : from]));
  for (const agent of situation.agents) assert.ok(agents.has(agent), `${agent} answered`);
  const refused = installation.claude.requests.filter(({ status }) => status === 400).length;
  assert.equal(refused, 0, 'Claude never refuses the conversation');
  const answers = (agent: string) => decisions.filter((decision) => decision.agent === agent).length;
  const by = `${answers('claude-specialist')} Claude, ${answers('ollama-specialist')} Ollama, ${answers('none')} none`;
  const calls = installation.claude.requests.filter(({ path }) => path === '/v1/messages').length;
  return `| ${situation.name} | well | ${calls} | ${by} | ${charged}${unknown > 0 ? ` (${unknown} at the hold)` : ''} |`;
}

function exhaustAfterTwoAnswers({ app }: TestGateway): void {
  let answers = 0;
  const stop = app.ledger.subscribe((event) => {
    const [budget] = event.type === 'changed' ? event.budgets : [];
    if (budget === undefined || budget.heldTokens > 0 || budget.settledTokens === 0) return;
    answers += 1;
    if (answers !== 2) return;
    stop();
    void app.ledger.charge(budget.remainingTokens);
  });
}

/** The steps of the task, by how many tool results the current prompt has. */
function step(prompt: string, results: number): readonly AnswerBlock[] {
  const [, folder = '', run = ''] = /<<(.*?)>> run <<(\d)>>/.exec(prompt) ?? [];
  const file = (name: string) => `${folder}/${name}`;
  switch (results) {
    case 0:
      return [{ type: 'tool_use', name: 'Read', input: { file_path: file('input.txt') } }];
    case 1: {
      const input = { file_path: file(`output-${run}.txt`), content: `written in run ${run}\n` };
      return [{ type: 'tool_use', name: 'Write', input }];
    }
    case 2: {
      const command = `cat output-${run}.txt > shown-${run}.txt`;
      return [{ type: 'tool_use', name: 'Bash', input: { command, description: 'Shows the file' } }];
    }
    default:
      return [{ type: 'text', text: finished }];
  }
}

function answerOfClaude({ body }: ClaudeCall): ScriptedAnswer | undefined {
  if ((body.tools ?? []).length === 0) return undefined;
  const messages = body.messages.map(({ role, content }) => ({ role, text: JSON.stringify(content) }));
  const at = messages.findLastIndex(({ role, text }) => role === 'user' && text.includes('>> run <<'));
  const results = messages.slice(at).flatMap(({ text }) => text.match(/"type":"tool_result"/g) ?? []).length;
  return { content: step(messages[at]?.text ?? '', results) };
}

function answerOfOllama({ body }: OllamaCall): ScriptedAnswer | undefined {
  if ((body.tools ?? []).length === 0) return undefined;
  const messages = body.messages ?? [];
  const at = messages.findLastIndex(({ role, content }) => role === 'user' && content?.includes('>> run <<'));
  const results = messages.slice(at).filter(({ role }) => role === 'tool').length;
  const thinking: AnswerBlock = { type: 'thinking', thinking: 'A local thought without a signature.' };
  return { content: [thinking, ...step(messages[at]?.content ?? '', results)] };
}

function environmentOf(home: string, { url }: TestGateway): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'sk-test-not-a-key',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_TELEMETRY: '1',
  };
}
