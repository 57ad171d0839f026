import { existsSync, lstatSync, readlinkSync, writeFileSync } from 'node:fs';
import { chown, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runContained } from './run-contained.ts';
import type { Mount, Sandbox, SandboxedCommand } from './Sandbox.ts';
import type { ToolFolders } from './tool-folders.ts';

export interface BubblewrapOptions {
  /** The program, absolute. */
  readonly program: string;
  readonly version: string;
  readonly tools: ToolFolders;
  /**
   * `namespace`: an ordinary user, in a user namespace of its own. `other-user`: root, which limits do not bind, gives the command to
   * a user that nobody is. `root-namespace`: root where it may not do that; then the number of processes is only watched.
   */
  readonly mode: BubblewrapMode;
  /** The user that the command runs as in the mode `other-user`. */
  readonly userId: number;
}

export type BubblewrapMode = 'namespace' | 'other-user' | 'root-namespace';

/**
 * A sandbox made by bubblewrap: namespaces of its own for processes, network, mounts, IPC and host name; the system read-only, no home, no
 * /tmp of others, no /sys, and of /etc only what programs need to start. Limits are set with util-linux' prlimit, inside, and watched from outside.
 */
export function createBubblewrap(options: BubblewrapOptions): Sandbox {
  return {
    name: 'bubblewrap',
    description: `bubblewrap ${options.version}`,
    run: async (command, signal) => {
      await prepareHome(command.homeFolder, options);
      return runContained(
        {
          // Through a descriptor: arguments could be too many for a command line.
          argv: [options.program, '--args', '3', ...insideCommand(command, options)],
          folder: '/',
          environment: {},
          limits: command.limits,
          watchedFolder: command.homeFolder,
          onDescriptor3: Buffer.from(
            bubblewrapArguments(command, options)
              .map((text) => `${text}\0`)
              .join(''),
          ),
          ...(command.input !== undefined && { input: command.input }),
        },
        signal,
      );
    },
  };
}

/** Gives what the command may write to the user that it runs as. */
async function handOver(
  path: string,
  { mode, userId }: Pick<BubblewrapOptions, 'mode' | 'userId'>,
): Promise<void> {
  if (mode === 'other-user') await chown(path, userId, userId);
}

async function prepareHome(folder: string, options: BubblewrapOptions): Promise<void> {
  for (const path of [folder, join(folder, 'tmp'), join(folder, 'shm')]) {
    await mkdir(path, { recursive: true });
    await handOver(path, options);
  }
  // Folders on the way to what is shown in it; bubblewrap would make them for root alone, and tools write beside it.
  for (const { inHome } of options.tools.inHome) {
    const parts = dirname(inHome).split('/');
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const parent = join(folder, ...parts.slice(0, depth));
      await mkdir(parent, { recursive: true });
      await handOver(parent, options);
    }
  }
  const id = options.mode === 'other-user' ? options.userId : (process.getuid?.() ?? 1000);
  const group = options.mode === 'other-user' ? options.userId : (process.getgid?.() ?? 1000);
  writeFileSync(`${folder}.passwd`, `check:x:${id}:${group}::${insideHome}:/bin/sh\n`);
  writeFileSync(`${folder}.group`, `check:x:${group}:\n`);
}

/** Not below /home or /root, which may hold a workspace. */
const insideHome = '/sandbox-home';

function bubblewrapArguments(command: SandboxedCommand, options: BubblewrapOptions): string[] {
  const { tools, mode } = options;
  const home = command.homeFolder;
  const mounts: Mount[] = [
    ...tools.folders.map((folder): Mount => ({ source: folder, target: folder, access: 'read-only' })),
    { source: home, target: insideHome, access: 'read-write' },
    ...tools.inHome.map(
      ({ source, inHome }): Mount => ({ source, target: join(insideHome, inHome), access: 'read-only' }),
    ),
    ...command.mounts,
  ];
  const environment = {
    PATH: tools.path,
    HOME: insideHome,
    TMPDIR: `${insideHome}/tmp`,
    USER: 'check',
    LOGNAME: 'check',
    LANG: 'C.UTF-8',
    CARGO_HOME: `${insideHome}/.cargo`,
    GOCACHE: `${insideHome}/.cache/go`,
    GOPROXY: 'off',
    GOTELEMETRY: 'off',
    // Maven notes beside a file from which server it came, and offline takes only those of the servers that it is set up with; the user's
    // settings.xml, which may name others, is not shown. Under another name it finds no such note, and takes what is there.
    // A build of seconds is over before the JVM's second compiler has paid: without it Maven takes two thirds of the processor's time.
    MAVEN_OPTS: '-Daether.enhancedLocalRepository.trackingFilename=none -XX:TieredStopAtLevel=1',
    ...tools.environment,
    ...command.environment,
  };
  return [
    '--unshare-ipc',
    '--unshare-pid',
    '--unshare-net',
    '--unshare-uts',
    '--unshare-cgroup-try',
    ...(mode === 'other-user' ? [] : ['--unshare-user', '--disable-userns']),
    '--new-session',
    '--die-with-parent',
    '--hostname',
    'sandbox',
    ...systemArguments(),
    '--dev',
    '/dev',
    '--proc',
    '/proc',
    // On disk, where it is watched: a file system in memory would be a way around the limit of memory.
    '--bind',
    join(home, 'tmp'),
    '/tmp',
    '--bind',
    join(home, 'shm'),
    '/dev/shm',
    '--perms',
    '0755',
    '--dir',
    '/etc',
    '--ro-bind',
    `${home}.passwd`,
    '/etc/passwd',
    '--ro-bind',
    `${home}.group`,
    '/etc/group',
    ...mountArguments([...etcMounts(), ...mounts]),
    ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
    '--remount-ro',
    '/dev',
    '--remount-ro',
    '/',
    '--chdir',
    command.folder,
  ];
}

/** What programs need of /etc to start; nothing that holds a secret. */
const etcFiles =
  'ld.so.cache ld.so.conf ld.so.conf.d alternatives ssl/certs ssl/openssl.cnf pki/tls/certs ca-certificates localtime timezone mime.types protocols services nsswitch.conf maven java-17-openjdk java-21-openjdk java-11-openjdk java-25-openjdk'.split(
    ' ',
  );

function etcMounts(): Mount[] {
  return etcFiles
    .map((name) => `/etc/${name}`)
    .filter((file) => existsSync(file))
    .map((file) => ({ source: file, target: file, access: 'read-only' }));
}

function systemArguments(): string[] {
  return ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/lib32', '/opt', '/nix/store'].flatMap((folder) => {
    if (!existsSync(folder)) return [];
    return lstatSync(folder).isSymbolicLink()
      ? ['--symlink', readlinkSync(folder), folder]
      : ['--ro-bind', folder, folder];
  });
}

/** Folders on the way to a mount are made for all to pass: bubblewrap would make them for root alone. */
function mountArguments(mounts: readonly Mount[]): string[] {
  const made = new Set(['/', '/tmp', '/etc', '/usr', '/opt']);
  const mountedOver: string[] = [];
  return mounts.flatMap(({ source, target, access }) => {
    const parents: string[] = [];
    for (let folder = dirname(target); !made.has(folder); folder = dirname(folder)) {
      if (mountedOver.some((over) => folder === over || folder.startsWith(`${over}/`))) break;
      made.add(folder);
      parents.unshift(folder);
    }
    mountedOver.push(target);
    return [
      ...parents.flatMap((folder) => ['--perms', '0755', '--dir', folder]),
      access === 'read-only' ? '--ro-bind' : '--bind',
      source,
      target,
    ];
  });
}

/** What a process may reserve beyond what it uses: V8 alone reserves 512 MiB for code before it starts. */
const reservedBytes = 1024 ** 3;

/** Limits that the kernel keeps are set inside, where they count for the sandbox alone. */
function insideCommand(
  { argv, limits }: SandboxedCommand,
  { mode, userId, program }: BubblewrapOptions,
): string[] {
  const asOther = [
    'setpriv',
    `--reuid=${userId}`,
    `--regid=${userId}`,
    '--clear-groups',
    '--no-new-privs',
    '--bounding-set=-all',
    '--inh-caps=-all',
    '--',
    // Once more, now as that user: in a namespace in which no further one can be made.
    program,
    '--unshare-user',
    '--disable-userns',
    '--die-with-parent',
    '--dev-bind',
    '/',
    '/',
    '--',
  ];
  return [
    '--',
    ...(mode === 'other-user' ? asOther : []),
    'prlimit',
    `--nproc=${limits.processes}`,
    `--data=${limits.memoryBytes + reservedBytes}`,
    `--fsize=${limits.fileBytes}`,
    '--nofile=4096',
    '--core=0',
    '--',
    ...argv,
  ];
}
