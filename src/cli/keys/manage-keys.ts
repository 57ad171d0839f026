import { randomUUID } from 'node:crypto';
import { resolvePaths } from '../../config/paths.ts';
import { type GatewayKey, hashGatewayKey, newGatewayKey } from '../../gateway/keys/gateway-key.ts';
import { gatewayKeysFile, readGatewayKeys, writeGatewayKeys } from '../../gateway/keys/key-store.ts';
import type { CliContext } from '../CliContext.ts';
import { InvalidArgumentError } from '../InvalidArgumentError.ts';
import { writeJson, writeLine, writeNote, writeTable } from '../output.ts';

export interface AddKeyOptions {
  readonly user?: string;
  readonly project?: string;
  readonly json?: boolean;
}

/** Makes a key and prints it, the only time that it can be seen. */
export function addKey(context: CliContext, name: string, options: AddKeyOptions): void {
  for (const [what, text] of Object.entries({ name, user: options.user, project: options.project })) {
    if (text !== undefined && !/^[\w.@-]{1,60}$/.test(text)) {
      throw new InvalidArgumentError(
        `The ${what} "${text}" must be 1 to 60 letters, digits, dots, dashes, @ or underscores.`,
      );
    }
  }
  const file = fileOf(context);
  const keys = readGatewayKeys(file);
  if (keys.some((key) => key.name === name)) {
    throw new InvalidArgumentError(
      `There is a key named "${name}" already. Remove it first, or choose another name.`,
    );
  }
  const secret = newGatewayKey();
  const key: GatewayKey = {
    id: randomUUID().slice(0, 8),
    name,
    hash: hashGatewayKey(secret),
    user: options.user ?? null,
    project: options.project ?? null,
    createdAtMs: context.nowMs(),
  };
  writeGatewayKeys(file, [...keys, key]);
  if (options.json) {
    writeJson(context, { ...shown(key), key: secret });
    return;
  }
  writeLine(context, secret);
  writeNote(
    context,
    `Keep it: only its hash is stored. Clients send it as their API key, or in the header x-teelamma-key.`,
  );
  if (keys.length === 0) writeNote(context, 'From now on the gateway refuses requests without a key.');
}

/** Lists all keys by name. */
export function listKeys(context: CliContext, json: boolean): void {
  const keys = readGatewayKeys(fileOf(context));
  if (json) {
    writeJson(context, { keys: keys.map(shown) });
    return;
  }
  if (keys.length === 0) {
    writeNote(context, 'There are no keys: the gateway is open, on loopback only.');
    return;
  }
  writeTable(
    context,
    [{ title: 'ID' }, { title: 'NAME' }, { title: 'USER' }, { title: 'PROJECT' }, { title: 'CREATED' }],
    keys.map((key) => [
      key.id,
      key.name,
      key.user ?? '-',
      key.project ?? '-',
      new Date(key.createdAtMs).toISOString().slice(0, 16),
    ]),
  );
}

/** Removes the key with this name or id. */
export function removeKey(context: CliContext, name: string, json: boolean): void {
  const file = fileOf(context);
  const keys = readGatewayKeys(file);
  const removed = keys.find((key) => key.name === name) ?? keys.find((key) => key.id === name);
  if (removed === undefined) {
    throw new InvalidArgumentError(`There is no key named "${name}". \`teelamma keys list\` shows them.`);
  }
  writeGatewayKeys(
    file,
    keys.filter((key) => key !== removed),
  );
  if (json) writeJson(context, { removed: shown(removed) });
  else writeLine(context, `Removed the key ${removed.name}.`);
}

function fileOf(context: CliContext): string {
  return gatewayKeysFile(resolvePaths(context.environment));
}

function shown({ id, name, user, project, createdAtMs }: GatewayKey) {
  return { id, name, user, project, createdAt: new Date(createdAtMs).toISOString() };
}
