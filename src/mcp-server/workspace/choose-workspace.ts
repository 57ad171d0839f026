import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CLIENT_CAPABILITIES_META_KEY,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { TeelammaError } from '../../errors.ts';
import type { WorkspacePlace } from './WorkspacePlace.ts';

/** The folder that a task may work in, or the question to the client that has to be answered first. */
export type WorkspaceChoice =
  | { readonly chosen: true; readonly folder: string }
  | { readonly chosen: false; readonly question: InputRequiredResult };

const rootsKey = 'roots';

/**
 * Whether a task may work in the folder that a call names. It must lie in a root of the client, where the client names roots. A client
 * that names none started this process over stdio, or reached a process that somebody else started over HTTP: then it must lie in the
 * folder that the server was started in. Over HTTP that holds beside roots too, since anybody can claim them.
 *
 * Roots are asked for by `input_required`, which the SDK turns into `roots/list` for clients before 2026-07-28.
 * @throws TeelammaError `invalid-argument`, which says what to do
 */
export function chooseWorkspace(
  given: string,
  server: McpServer,
  context: ServerContext,
  place: WorkspacePlace,
): WorkspaceChoice {
  if (!isAbsolute(given)) {
    throw invalid(
      `The workspace is ${JSON.stringify(given)}, and must be an absolute path: a server does not know your current folder.`,
    );
  }
  const folder = resolvedWhereThere(given);
  const roots = namesRoots(server, context) ? rootsOf(context) : [];
  if (roots === null) {
    return {
      chosen: false,
      question: inputRequired({ inputRequests: { [rootsKey]: inputRequired.listRoots() } }),
    };
  }
  if (roots.length > 0 && !roots.some((root) => isWithin(folder, root))) {
    throw invalid(
      `The workspace ${folder} lies in none of the roots that this client names (${roots.join(', ')}). Name a folder in one of them.`,
    );
  }
  if (roots.length === 0 || !place.trustsRoots) checkWorkingFolder(folder, place.workingFolder);
  return { chosen: true, folder };
}

function checkWorkingFolder(folder: string, given: string): void {
  const workingFolder = resolvedWhereThere(given);
  // A desktop program starts its servers in / or at home: that says nothing of what the user works on.
  if (isWithin(resolvedWhereThere(homedir()), workingFolder)) {
    throw invalid(
      `No folder is open to tasks: this client names no roots, and the server was started in ${workingFolder}, which is too wide to be a project. Start teelamma mcp in the project's folder.`,
    );
  }
  if (isWithin(folder, workingFolder)) return;
  throw invalid(
    `The workspace ${folder} lies outside of ${workingFolder}, the folder that this server was started in. Name a folder in it, or start teelamma mcp where the project is.`,
  );
}

function namesRoots(server: McpServer, { mcpReq }: ServerContext): boolean {
  // The SDK's type of the envelope does not name the keys that it has.
  const envelope: Readonly<Record<string, unknown>> | undefined = mcpReq.envelope;
  const declared = envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? server.server.getClientCapabilities();
  return typeof declared === 'object' && declared !== null && 'roots' in declared;
}

/** The client's roots on this machine; null where it was not asked yet. */
function rootsOf({ mcpReq }: ServerContext): readonly string[] | null {
  const answer = inputResponse(mcpReq.inputResponses, rootsKey);
  if (answer.kind === 'roots') return answer.roots.flatMap(({ uri }) => folderOf(uri));
  if (mcpReq.inputResponses === undefined) return null;
  throw invalid(
    'The client was asked for its roots and did not answer with any, so no folder is open to tasks.',
  );
}

function folderOf(uri: string): readonly string[] {
  try {
    return [resolvedWhereThere(fileURLToPath(uri))];
  } catch {
    // A root of another scheme, or on another host, holds no file of this machine.
    return [];
  }
}

function resolvedWhereThere(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}

function isWithin(folder: string, root: string): boolean {
  const path = relative(root, folder);
  return path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}

function invalid(message: string): TeelammaError {
  return new TeelammaError('invalid-argument', `${message} Nothing was sent.`);
}
