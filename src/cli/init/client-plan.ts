import { join } from 'node:path';
import type { Environment } from '../../config/Config.ts';
import type { JsonEdit } from './json-edits.ts';
import { commandLine, type ServerEntry, serverName } from './server-command.ts';

/** What `teelamma init` can set up. */
export const initParts = ['server', 'status-line', 'hook'] as const;
export type InitPart = (typeof initParts)[number];

export interface PlanOptions {
  readonly parts: readonly InitPart[];
  /** For every project of the user, not for one folder. */
  readonly forUser: boolean;
  /** The folder of the package, where the plugin is to bring server and hook; null: without it. */
  readonly pluginFolder: string | null;
  /** What Claude Code is to take for Claude; null: what it takes now. */
  readonly gatewayUrl: string | null;
  readonly replacesStatusLine: boolean;
}

export interface FilePlan {
  readonly file: string;
  readonly edits: readonly JsonEdit[];
}

const pluginId = 'teelamma@claude-teelamma';
const hookEvents = ['SessionStart', 'UserPromptSubmit', 'Stop'];

/** What is to stand in which of Claude Code's files. What is for one folder goes into its personal settings, which are not shared with others. */
export function clientPlan(
  options: PlanOptions,
  server: ServerEntry,
  folder: string,
  environment: Environment,
): readonly FilePlan[] {
  const files = options.forUser ? userFiles(environment) : folderFiles(folder);
  const { parts, pluginFolder, gatewayUrl, replacesStatusLine } = options;
  const has = (part: InitPart) => parts.includes(part);
  const bare = { ...server, args: server.args.slice(0, -1) };
  const hook = commandLine(bare, 'hook');
  const settings: JsonEdit[] = [
    ...(pluginFolder === null ? [] : pluginEdits(pluginFolder)),
    ...(has('status-line')
      ? [
          {
            path: [],
            key: 'statusLine',
            value: { type: 'command', command: commandLine(bare, 'statusline') },
            yields: !replacesStatusLine,
          },
        ]
      : []),
    ...(has('hook') && pluginFolder === null
      ? hookEvents.map((event) => ({
          path: ['hooks', event],
          value: { hooks: [{ type: 'command', command: hook, timeout: 5 }] },
          mark: hook,
        }))
      : []),
    ...(gatewayUrl === null ? [] : [{ path: ['env'], key: 'ANTHROPIC_BASE_URL', value: gatewayUrl }]),
  ];
  const servers: JsonEdit[] =
    has('server') && pluginFolder === null
      ? [{ path: ['mcpServers'], key: serverName, value: server, merges: true }]
      : [];
  return [
    { file: files.servers, edits: servers },
    { file: files.settings, edits: settings },
  ].filter(({ edits }) => edits.length > 0);
}

/** The files that a plan may have touched. */
export function planFiles(forUser: boolean, folder: string, environment: Environment): readonly string[] {
  return Object.values(forUser ? userFiles(environment) : folderFiles(folder));
}

function folderFiles(folder: string) {
  return { servers: join(folder, '.mcp.json'), settings: join(folder, '.claude', 'settings.local.json') };
}

/** `CLAUDE_CONFIG_DIR` is Claude Code's own. */
function userFiles(environment: Environment) {
  const own = environment['CLAUDE_CONFIG_DIR'];
  const home = environment['HOME'] || environment['USERPROFILE'] || '';
  return {
    servers: join(own || home, '.claude.json'),
    settings: join(own || join(home, '.claude'), 'settings.json'),
  };
}

function pluginEdits(folder: string): readonly JsonEdit[] {
  return [
    {
      path: ['extraKnownMarketplaces'],
      key: 'claude-teelamma',
      value: { source: { source: 'directory', path: folder } },
    },
    { path: ['enabledPlugins'], key: pluginId, value: true },
  ];
}
