import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import xterm from '@xterm/headless';

export interface TerminalOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly columns: number;
}

const rows = 40;

/** A program on a real terminal of its own (`script` of util-linux), which is typed at and looked at. Disposing ends it. */
export class TerminalProgram implements AsyncDisposable {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly terminal: InstanceType<typeof xterm.Terminal>;

  constructor(commandLine: readonly string[], { cwd, env, columns }: TerminalOptions) {
    this.terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    const words = commandLine.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const command = `stty cols ${columns} rows ${rows}; exec ${words}`;
    this.child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      cwd,
      env: { TERM: 'xterm-256color', ...env },
      detached: true,
    });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.terminal.write(text);
    });
    this.child.stdin.on('error', () => undefined);
  }

  /** What stands on the screen now, as text. */
  get shown(): string {
    const { active } = this.terminal.buffer;
    const lines = Array.from({ length: rows }, (_line, row) => active.getLine(active.viewportY + row));
    return lines.map((line) => line?.translateToString(true) ?? '').join('\n');
  }

  /** Waits for a text on the screen, at most a minute. @throws Error with what was shown */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    const until = Date.now() + 60_000;
    for (;;) {
      const found = pattern.exec(this.shown);
      if (found) return found;
      if (Date.now() > until || this.child.exitCode !== null) {
        throw new Error(`${String(pattern)} was not shown, but\n${this.shown}`);
      }
      await delay(50);
    }
  }

  type(text: string): void {
    this.child.stdin.write(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.pid === undefined) return;
    const closed = once(this.child, 'close');
    // `script` and what it runs are a process group of their own.
    process.kill(-this.child.pid, 'SIGKILL');
    this.child.stdin.destroy();
    await closed;
  }
}
