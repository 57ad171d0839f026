import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface CommandOptions {
  /** TEELAMMA_HOME, and what HOME is as well. */
  readonly home: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What is piped into stdin; default nothing, which is an empty pipe. */
  readonly input?: string | Uint8Array;
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  /** Called with each piece of stderr, and a function that sends a signal. */
  readonly onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command as a user does: a child process, in a home of its own, with no variable of the outside but PATH. */
export async function teelamma(
  commandLine: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  if (!existsSync(main)) throw new Error('dist/ is missing: run `npm run build` first');
  const { home, environment = {}, input = '', nodeOptions = [], onStderr } = options;
  const child = spawn(process.execPath, [...nodeOptions, main, ...commandLine], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      TEELAMMA_HOME: home,
      // A port where nothing listens, so that no Ollama of this machine takes part.
      OLLAMA_HOST: 'http://127.0.0.1:2',
      ...environment,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    onStderr?.(stderr, (signal) => child.kill(signal));
  });
  // A command that refuses its input early closes the pipe.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { exitCode, stdout, stderr };
}

/** The one JSON document that a command printed. */
export function document(result: CommandResult): Record<string, unknown> {
  return JSON.parse(result.stdout) as Record<string, unknown>;
}
