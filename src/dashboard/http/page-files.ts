import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TeelammaError } from '../../errors.ts';

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Where the built page is: beside the chunks of dist/, or seen from the sources. */
const folder = [
  new URL('../dashboard/', import.meta.url),
  new URL('../../../dist/dashboard/', import.meta.url),
];

export interface PageFiles {
  /** The page, with the token that its changes are sent with. */
  html(token: string): Promise<string>;
  /** Null where there is no such file. */
  asset(name: string): Promise<{ readonly type: string; readonly body: Buffer } | null>;
}

/** The files of the built page, each read once. @throws TeelammaError `state-corrupt` where the package is not whole. */
export function pageFiles(): PageFiles {
  const read = new Map<string, Promise<Buffer>>();
  const file = (name: string): Promise<Buffer> => {
    const known = read.get(name) ?? readFile(pagePath(name));
    read.set(name, known);
    return known;
  };
  return {
    async html(token) {
      const text = (await file('index.html')).toString('utf8');
      return text.replace('{{token}}', token);
    },
    async asset(name) {
      const type = types[extname(name)];
      if (type === undefined || !/^[\w-]+(\.[\w-]+)+$/.test(name) || !existsSync(pagePath(name))) return null;
      return { type, body: await file(name) };
    },
  };
}

function pagePath(name: string): string {
  const found = folder.find((one) => existsSync(new URL('index.html', one)));
  if (found) return fileURLToPath(new URL(name, found));
  throw new TeelammaError(
    'state-corrupt',
    'The files of the dashboard are missing in this installation; install claude-teelamma again, or run `npm run build` in a clone.',
  );
}
