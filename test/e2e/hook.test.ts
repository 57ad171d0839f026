import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../src/index.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { teelamma } from './command.ts';

describe('teelamma hook', () => {
  let folder: ReturnType<typeof temporaryHome>;
  beforeEach(() => {
    folder = temporaryHome();
  });
  afterEach(() => folder.remove());

  const hook = (input: unknown, environment: Record<string, string> = {}) =>
    teelamma(['hook'], {
      home: folder.home,
      input: typeof input === 'string' ? input : JSON.stringify(input),
      environment,
    });
  const prompt = { session_id: 'one', cwd: '/', hook_event_name: 'UserPromptSubmit', prompt: 'Hello' };
  const silent = { exitCode: 0, stdout: '', stderr: '' };

  it('warns a session once, and refuses its prompts only where hook.block is on', async () => {
    expect(await hook(prompt)).toEqual(silent);
    await using app = await createApp({ environment: { TEELAMMA_HOME: folder.home } });
    await app.ledger.charge(10_000);
    await app[Symbol.asyncDispose]();
    const { exitCode, stdout } = await hook(prompt);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      systemMessage: expect.stringMatching(/^Token budget default is used up: .* by Ollama until /),
    });
    expect(await hook(prompt)).toEqual(silent);
    const blocked = await hook(prompt, { TEELAMMA_HOOK_BLOCK: 'true' });
    expect(JSON.parse(blocked.stdout)).toMatchObject({ decision: 'block' });
    expect(await hook({ ...prompt, hook_event_name: 'Stop' }, { TEELAMMA_HOOK_BLOCK: 'true' })).toEqual(
      silent,
    );
    // A configuration that cannot be read is reported by others.
    writeFileSync(join(folder.home, 'config.json'), '{');
    expect(await hook(prompt)).toEqual(silent);
  });

  it.each(['', '{"session_id"'])('says nothing to a stdin like %j', async (input) => {
    expect(await hook(input)).toEqual(silent);
  });

  it('is called by the plugin, which says so once in a session where the command is not on the PATH', () => {
    const file = resolve(import.meta.dirname, '../../plugin/hooks/hooks.json');
    const { hooks } = JSON.parse(readFileSync(file, 'utf8')) as {
      hooks: Record<string, { hooks: { command: string }[] }[]>;
    };
    const bin = join(folder.home, 'teelamma');
    writeFileSync(bin, '#!/bin/sh\necho "called: $*"\n');
    chmodSync(bin, 0o755);
    const printed = (path: string) =>
      Object.entries(hooks).map(([event, [entry]]) => {
        const command = entry?.hooks[0]?.command ?? '';
        const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], {
          env: { PATH: path },
          encoding: 'utf8',
        });
        return { event, status, stdout, stderr };
      });
    expect(printed(folder.home)).toEqual(
      ['SessionStart', 'UserPromptSubmit', 'Stop'].map((event) => ({
        event,
        status: 0,
        stdout: 'called: hook\n',
        stderr: '',
      })),
    );
    const [start, ...others] = printed('/nowhere');
    expect(JSON.parse(start?.stdout ?? '')).toEqual({
      systemMessage: expect.stringContaining('npm install -g claude-teelamma'),
    });
    expect([start, ...others].map((one) => [one?.status, one?.stderr])).toEqual(Array(3).fill([0, '']));
    expect(others.map(({ stdout }) => stdout)).toEqual(['', '']);
  });
});
