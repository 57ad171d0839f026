import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { TaskEvent, TaskResult } from '../../task-events.ts';
import type { CliContext } from '../CliContext.ts';
import { createStyle } from '../style.ts';
import { TaskDisplay } from './TaskDisplay.ts';

/** Clears the screen, sets the title of the window, moves to the beginning of the line. */
const hostile = '\u001b[2J\u001b]0;title\u0007over\rwritten';
const harmless = '[2J]0;titleoverwritten';

describe('TaskDisplay', () => {
  it.each([
    [true, 9],
    // The text that comes is not shown then, and the final one is.
    [false, 8],
  ])('lets nothing that a model or a provider wrote steer the terminal (streamed: %s)', (streams, times) => {
    const written: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        written.push(String(chunk));
        done();
      },
    }) as NodeJS.WriteStream;
    const context: CliContext = {
      environment: {},
      stdin: process.stdin,
      stdout: stream,
      stderr: stream,
      isTerminal: { stdin: false, stdout: true, stderr: false },
      nowMs: Date.now,
      timeZone: 'UTC',
      style: createStyle(false),
      errorStyle: createStyle(false),
      signal: new AbortController().signal,
      setExitCode: () => undefined,
    };
    const options = { quiet: false, streams, simulated: false, notifies: true, thresholdsPercent: [] };
    const display = new TaskDisplay(options, context);
    const issue = { kind: 'review', severity: 'error', message: hostile } as const;
    const verdict = { outcome: 'needs-repair', issues: [issue] } as const;
    const handover = { from: 'claude-specialist', to: 'ollama-specialist', reason: hostile };
    const events = [
      { type: 'text', text: hostile },
      { type: 'tool', agent: 'ollama-specialist', name: 'read_file', subject: hostile, isError: true },
      { type: 'handover', handover },
      { type: 'verdict', verdict },
      { type: 'warning', message: hostile },
    ];
    for (const event of events) display.show(event as unknown as TaskEvent);
    display.finish({
      output: `${hostile}, at last`,
      agent: 'ollama-specialist',
      model: 'm',
      decision: { reason: hostile },
      verdict,
      handovers: [handover],
      budgets: [],
      turns: [],
      chargedTokens: 0,
      estimatedTokens: 0,
    } as unknown as TaskResult);
    const shown = written.join('');
    expect(shown.split(harmless).length - 1).toBe(times);
    expect(shown).not.toMatch(/[^\P{Cc}\n]/u);
  });
});
