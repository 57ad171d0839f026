import { type ServerEntry, serverName, shellWord } from './server-command.ts';

/** What one client needs: a command to run, or the content of a file. */
export interface ClientForm {
  readonly client: 'Claude Code' | 'Claude Desktop' | 'Continue' | 'Cursor';
  /** Where it goes, in words. */
  readonly place: string;
  readonly text: string;
}

/** How each client is told of the server, the text ready to be copied. */
export function clientForms({ command, args }: ServerEntry): readonly ClientForm[] {
  const json = JSON.stringify({ mcpServers: { [serverName]: { command, args } } }, null, 2);
  const yaml = [
    `name: ${serverName}`,
    'version: 0.0.1',
    'schema: v1',
    'mcpServers:',
    `  - name: ${serverName}`,
    '    type: stdio',
    `    command: ${JSON.stringify(command)}`,
    '    args:',
    ...args.map((argument) => `      - ${JSON.stringify(argument)}`),
  ].join('\n');
  const words = [command, ...args].map(shellWord).join(' ');
  return [
    {
      client: 'Claude Code',
      place: 'for every project of yours, run',
      text: `claude mcp add --scope user ${serverName} -- ${words}`,
    },
    { client: 'Claude Desktop', place: 'in claude_desktop_config.json (Settings, Developer)', text: json },
    { client: 'Continue', place: `in .continue/mcpServers/${serverName}.yaml`, text: yaml },
    { client: 'Cursor', place: 'in .cursor/mcp.json, or ~/.cursor/mcp.json for every project', text: json },
  ];
}
