import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findSandbox } from '../../src/workspace/sandbox/find-sandbox.ts';
import { processTree } from '../../src/workspace/sandbox/process-tree.ts';
import { type CommandOutcome, defaultLimits, type Limits } from '../../src/workspace/sandbox/Sandbox.ts';
import { describeInSandbox } from '../support/needs-sandbox.ts';

/** Where the command sees its folder; in the real home, so that a write to the home would be seen. */
const shown = join(homedir(), 'teelamma-sandbox-test', 'project');
const limits: Limits = { ...defaultLimits, timeMs: 20_000, memoryBytes: 512 * 1024 ** 2, processes: 80 };

describeInSandbox('a command in the sandbox', ({ sandbox, mode, userId }) => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'teelamma-sandbox-test-'));
    for (const name of ['project', 'outside', 'dependencies']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'dependencies', 'index.js'), 'untouched');
    writeFileSync(join(folder, 'outside', 'secret'), 'untouched');
    if (mode === 'other-user') chownSync(join(folder, 'project'), userId, userId);
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (
    script: string,
    changed: Partial<Limits> = {},
    signal?: AbortSignal,
  ): Promise<CommandOutcome> =>
    sandbox.run(
      {
        argv: ['/bin/sh', '-c', script],
        folder: shown,
        mounts: [
          { source: join(folder, 'project'), target: shown, access: 'read-write' },
          { source: join(folder, 'dependencies'), target: join(shown, 'node_modules'), access: 'read-only' },
        ],
        homeFolder: join(folder, 'home'),
        environment: {},
        limits: { ...limits, ...changed },
      },
      signal,
    );
  const runNode = (script: string, changed: Partial<Limits> = {}): Promise<CommandOutcome> => {
    writeFileSync(join(folder, 'project', 'script.mjs'), script);
    return run('exec node script.mjs', changed);
  };

  it('runs, writes in its folder and its home, and gives its output and exit code', async () => {
    const outcome = await run(
      'pwd; echo here > made; echo home > "$HOME/made"; echo tmp > "$TMPDIR/made"; cat made; exit 7',
    );
    expect(outcome.output).toBe(`${shown}\nhere\n`);
    expect(outcome.end).toEqual({ type: 'exited', exitCode: 7 });
    expect(readFileSync(join(folder, 'project', 'made'), 'utf8')).toBe('here\n');
    expect(readFileSync(join(folder, 'home', 'made'), 'utf8')).toBe('home\n');
  });

  it('is no root, has no capability and cannot get one', async () => {
    const { output } = await run(
      'grep -E "^(CapEff|CapBnd|NoNewPrivs):" /proc/self/status; unshare -Ur true && echo got-a-namespace',
    );
    expect(output).toMatch(/CapEff:\s+0000000000000000/);
    expect(output).toMatch(/NoNewPrivs:\s+1/);
    expect(output).not.toContain('got-a-namespace');
  });

  it('sees nothing of the environment, the home and other files of this machine', async () => {
    process.env['TEELAMMA_TEST_SECRET'] = 'sesame';
    try {
      const { output } = await run(
        `env; cat ${join(folder, 'outside', 'secret')} ${join(homedir(), '.bashrc')} /etc/shadow /proc/1/environ 2>/dev/null; ls -a ${homedir()}`,
      );
      expect(output).not.toContain('sesame');
      expect(output).not.toContain('untouched');
      expect(output).not.toContain('.bashrc');
      expect(output).not.toContain('root:');
    } finally {
      delete process.env['TEELAMMA_TEST_SECRET'];
    }
  });

  it('cannot write to the real home, the system, dependencies, or a folder outside', async () => {
    const targets = [
      join(homedir(), 'teelamma-was-here'),
      '/usr/teelamma-was-here',
      '/etc/teelamma-was-here',
      join(folder, 'outside', 'teelamma-was-here'),
    ];
    const { output } = await run(
      `echo changed > node_modules/index.js; rm -f node_modules/index.js; ${targets.map((file) => `mkdir -p "$(dirname ${file})" && echo x > ${file}`).join('; ')}; true`,
    );
    expect(readFileSync(join(folder, 'dependencies', 'index.js'), 'utf8')).toBe('untouched');
    expect(targets.filter((file) => existsSync(file))).toEqual([]);
    expect(output).toContain('Read-only file system');
  });

  it('cannot reach a file outside through a link, one that it makes or one that is there', async () => {
    symlinkSync(join(folder, 'outside'), join(folder, 'project', 'way-out'));
    await run(
      `ln -s ${join(folder, 'outside', 'secret')} link; echo changed > link; cat link way-out/secret; echo changed > way-out/secret; true`,
    );
    expect(readFileSync(join(folder, 'outside', 'secret'), 'utf8')).toBe('untouched');
  });

  it('reaches neither a listener of this machine nor a name server', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    try {
      const { output } = await runNode(`
        import { lookup } from 'node:dns/promises';
        import { connect } from 'node:net';
        const socket = connect(${port}, '127.0.0.1');
        await new Promise((resolve) => { socket.once('error', (e) => { console.log('tcp', e.code); resolve(); }); socket.once('connect', () => { console.log('connected'); resolve(); }); });
        await lookup('example.com').then(() => console.log('resolved'), (e) => console.log('dns', e.code));
      `);
      expect(output).toContain('tcp ECONNREFUSED');
      expect(output).toMatch(/dns E\w+/);
      expect(connections).toBe(0);
    } finally {
      server.close();
    }
  });

  it('may talk to itself over loopback, as tests of servers do', async () => {
    const { output } = await runNode(`
      import { createServer } from 'node:http';
      const server = createServer((_, response) => response.end('hello'));
      server.listen(0, '127.0.0.1', async () => {
        console.log(await (await fetch('http://127.0.0.1:' + server.address().port)).text());
        server.close();
      });
    `);
    expect(output).toBe('hello\n');
  });

  it('is ended when it does not end', async () => {
    const outcome = await run('while true; do :; done', { timeMs: 700 });
    expect(outcome.end).toEqual({ type: 'stopped', by: 'time', message: 'it did not end within 0.7 s' });
  });

  it('is ended when its caller does not want it any more', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 300);
    await expect(run('sleep 60', {}, controller.signal)).rejects.toThrow('enough');
    expect(commandsBelow()).toEqual([]);
  });

  it('cannot start more processes than it may', async () => {
    const outcome = await run(
      'i=0; while [ $i -lt 160 ]; do sleep 3 & i=$((i+1)); done; echo all-started; wait',
    );
    expect(outcome.output).not.toContain('all-started');
    if (mode === 'root-namespace') expect(outcome.end).toMatchObject({ type: 'stopped', by: 'processes' });
    else expect(outcome.output).toMatch(/Cannot fork|Resource temporarily unavailable/);
  });

  it('cannot use more memory than it may, in one process or in several', async () => {
    const one = await runNode('const all = []; for (;;) all.push(Buffer.alloc(10_000_000, 1));');
    expect(one.end).not.toEqual({ type: 'exited', exitCode: 0 });
    const many = await runNode(`
      import { spawn } from 'node:child_process';
      for (let i = 0; i < 4; i += 1) spawn(process.execPath, ['-e', 'const b = Buffer.alloc(250_000_000, 1); setTimeout(() => b, 15_000)'], { stdio: 'inherit' });
    `);
    expect(many.end).toMatchObject({
      type: 'stopped',
      by: 'memory',
      message: expect.stringContaining('512 MiB are allowed'),
    });
  });

  it('has no file system in memory to write to, which no limit would count', async () => {
    const { output } = await run(
      'for at in / /dev /etc /run; do touch $at/made 2>/dev/null && echo "wrote to $at"; done; echo a > /tmp/made; echo b > /dev/shm/made',
    );
    expect(output).not.toContain('wrote to');
    expect(readFileSync(join(folder, 'home', 'tmp', 'made'), 'utf8')).toBe('a\n');
    expect(readFileSync(join(folder, 'home', 'shm', 'made'), 'utf8')).toBe('b\n');
  });

  it('is ended when it floods its output, of which the beginning and the end are kept', async () => {
    const outcome = await run('echo first; yes', { outputBytes: 1024 ** 2 });
    expect(outcome.end).toEqual({
      type: 'stopped',
      by: 'output',
      message: 'it wrote more than 1 MiB of output',
    });
    expect(outcome.output).toMatch(/^first\ny\n[\s\S]*bytes of output left out[\s\S]*y\n/);
    expect(outcome.output.length).toBeLessThan(400_000);
  });

  it('cannot write a file larger than it may', async () => {
    const { output } = await run('dd if=/dev/zero of="$HOME/big" bs=1M count=20', {
      fileBytes: 4 * 1024 ** 2,
    });
    expect(output).toMatch(/File (?:size limit exceeded|too large)/);
    expect(readFileSync(join(folder, 'home', 'big')).length).toBe(4 * 1024 ** 2);
  });

  it('leaves nothing running behind it', async () => {
    const outcome = await run('(setsid sleep 61 >/dev/null 2>&1 &); (sleep 62 &); echo done');
    expect(outcome.output).toBe('done\n');
    expect(commandsBelow()).toEqual([]);
  });

  it('shows package caches of the home, and tools can write beside them', async () => {
    const cache = join(folder, 'user', '.cargo', 'registry');
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, 'crate'), 'untouched');
    // As where a home is: others may pass through, and read what is shown.
    chmodSync(folder, 0o755);
    const found = await findSandbox({
      sandbox: 'auto',
      path: process.env['PATH'] ?? '',
      home: join(folder, 'user'),
    });
    if (!found.found) throw new Error(found.why);
    const outcome = await found.sandbox.run({
      argv: [
        '/bin/sh',
        '-c',
        'cat ~/.cargo/registry/crate && echo x > ~/.cargo/lock && echo x > ~/.cargo/registry/crate',
      ],
      folder: '/',
      mounts: [],
      homeFolder: join(folder, 'home'),
      environment: {},
      limits,
    });
    expect(outcome.output).toMatch(/^untouched.*Read-only file system/s);
    expect(readFileSync(join(folder, 'home', '.cargo', 'lock'), 'utf8')).toBe('x\n');
    expect(readFileSync(join(cache, 'crate'), 'utf8')).toBe('untouched');
  });

  it('says so when its program is not there', async () => {
    const outcome = await sandbox.run({
      argv: ['/no/such/program'],
      folder: '/',
      mounts: [],
      homeFolder: join(folder, 'home'),
      environment: {},
      limits,
    });
    expect(outcome.end).not.toEqual({ type: 'exited', exitCode: 0 });
    expect(outcome.output).toContain('/no/such/program');
  });
});

/** What this process has started and is still there. */
function commandsBelow(): readonly string[] {
  return processTree(process.pid)
    .pids.map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((command) => /\bsleep\b|bwrap/.test(command));
}
