import {
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { TeelammaError } from '../../errors.ts';
import { removeJsonMember, setJsonMember } from './edit-json-member.ts';

/** How an MCP client starts a server. */
export interface ServerEntry {
  readonly type: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
}

/** The name under which the server stands in the files of clients; its tools are `mcp__teelamma__run_task` and so on. */
export const serverName = 'teelamma';

/** `.mcp.json` cannot be changed as it is; it was not touched. */
class McpFileError extends TeelammaError {
  readonly file: string;

  constructor(file: string, problem: string, cause?: unknown) {
    super('invalid-config', `${file} ${problem} It was not touched.`, { cause });
    this.file = file;
  }
}

/**
 * The file's text; null where there is none.
 * @throws McpFileError where it cannot be read, is no JSON, or has another form than clients know.
 */
export function readMcpFile(file: string): string | null {
  if (!existsSync(file)) return null;
  let text: string;
  let content: unknown;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new McpFileError(file, `cannot be read: ${messageOf(error)}.`, error);
  }
  if (text.trim() === '') return '';
  try {
    content = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new McpFileError(file, `is not valid JSON (${messageOf(error)}). Mend it or move it away.`, error);
  }
  if (!isObject(content))
    throw new McpFileError(file, 'holds something else than a JSON object. Mend it or move it away.');
  const servers = content['mcpServers'];
  if (servers !== undefined && !isObject(servers)) {
    throw new McpFileError(file, 'has a "mcpServers" that is not an object. Mend it or move it away.');
  }
  return text;
}

/** The text with the server in it. What a user added to its entry (`env`, for instance) stays. */
export function withServer(text: string | null, entry: ServerEntry): string {
  if (text === null || text.trim() === '') {
    return `${JSON.stringify({ mcpServers: { [serverName]: entry } }, null, 2)}\n`;
  }
  const present = serversOf(text)[serverName];
  if (!isObject(present))
    return edited(text, (json) => setJsonMember(json, ['mcpServers'], serverName, entry));
  if (contains(present, entry)) return text;
  return edited(text, (json) => setJsonMember(json, ['mcpServers'], serverName, { ...present, ...entry }));
}

/** The text without the server; null where nothing else is left, so that the file can go. */
export function withoutServer(text: string): string | null {
  if (text.trim() === '' || !Object.hasOwn(serversOf(text), serverName)) return text;
  const without = edited(text, (json) => removeJsonMember(json, ['mcpServers'], serverName));
  if (Object.keys(serversOf(without)).length > 0) return without;
  const rest = edited(without, (json) => removeJsonMember(json, [], 'mcpServers'));
  return Object.keys(parsed(rest)).length > 0 ? rest : null;
}

/** Writes the file whole or not at all, through a link to what it points at; null removes it. */
export function writeMcpFile(file: string, text: string | null): void {
  if (text === null) {
    unlinkSync(file);
    return;
  }
  const target = existsSync(file) ? realpathSync(file) : file;
  const mode = existsSync(target) ? statSync(target).mode & 0o777 : 0o644;
  const temporary = `${target}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode });
  renameSync(temporary, target);
}

/** A byte order mark stays where it is. */
function edited(text: string, edit: (json: string) => string): string {
  const mark = text.startsWith('\ufeff') ? '\ufeff' : '';
  return mark + edit(text.slice(mark.length));
}

function serversOf(text: string): Record<string, unknown> {
  const servers = parsed(text)['mcpServers'];
  return isObject(servers) ? servers : {};
}

function parsed(text: string): Record<string, unknown> {
  const content: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
  return isObject(content) ? content : {};
}

function contains(present: Record<string, unknown>, entry: ServerEntry): boolean {
  return Object.entries(entry).every(
    ([key, value]) => JSON.stringify(present[key]) === JSON.stringify(value),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
