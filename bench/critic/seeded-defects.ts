import type { FileChange } from '../../src/workspace/FileChange.ts';

/** A file as it is, or with one defect put into it. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

export type DefectKind =
  | 'syntax'
  | 'truncation'
  | 'elision'
  | 'wrong-import'
  | 'missing-export'
  | 'leaked-secret'
  | 'escaping-path';

export type Random = () => number;

/** mulberry32, so that every run puts in the same defects. */
export function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Puts a defect into a file; undefined where the file has no place for it. */
export const defects: Readonly<
  Record<DefectKind, (source: Source, random: Random) => FileChange | undefined>
> = {
  /** One bracket is gone, outside of strings, comments and regular expressions as far as a line shows. */
  syntax: ({ path, text }, random) => {
    const places = [...text.matchAll(/[()[\]{}]/g)]
      .map(({ index }) => index)
      .filter((index) => isCode(text, index));
    const place = pick(places, random);
    return place === undefined
      ? undefined
      : modified(path, text, text.slice(0, place) + text.slice(place + 1));
  },
  /** It ends where an answer was cut: anywhere but between two lines. */
  truncation: ({ path, text }, random) => {
    const at = Math.floor(text.length * (0.2 + 0.7 * random()));
    return /\w/.test(text[at - 1] ?? '') && /\w/.test(text[at] ?? '')
      ? modified(path, text, text.slice(0, at))
      : undefined;
  },
  /** Lines are replaced by a word that they are there. */
  elision: ({ path, text }, random) => {
    const lines = text.split('\n');
    if (lines.length < 20) return undefined;
    const from = Math.floor(random() * (lines.length - 12));
    const before = lines.slice(0, from).join('\n');
    // Not inside of a comment or a template text, where it would be text.
    if (before.lastIndexOf('/*') > before.lastIndexOf('*/') || before.split('`').length % 2 === 0)
      return undefined;
    const mark = path.endsWith('.py') ? '#' : '//';
    const words = pick(
      [
        '... rest of the code unchanged ...',
        '... existing code ...',
        'the rest remains the same',
        'rest of the implementation here',
      ],
      random,
    );
    return modified(
      path,
      text,
      [...lines.slice(0, from), `${mark} ${words}`, ...lines.slice(from + 10)].join('\n'),
    );
  },
  /** Of a relative path; declaration files are written by compilers, and their imports are not looked at. */
  'wrong-import': ({ path, text }, random) => {
    if (isDeclaration(path)) return undefined;
    const found = pick(
      [...text.matchAll(/^(?:import|export)\b[^'"\n;]*from\s*['"](\.{1,2}\/[^'"\n]+)['"]/gm)],
      random,
    );
    if (found?.[1] === undefined) return undefined;
    const wrong = found[0].replace(found[1], `${found[1].replace(/(\.\w+)?$/, 'x$1')}`);
    return modified(
      path,
      text,
      text.slice(0, found.index) + wrong + text.slice(found.index + found[0].length),
    );
  },
  'missing-export': ({ path, text }, random) => {
    if (isDeclaration(path)) return undefined;
    const found = pick(
      [...text.matchAll(/^import\s*\{\s*([\w$]+)[^}]*\}\s*from\s*['"]\.{1,2}\/[^'"\n]+['"]/gm)],
      random,
    );
    if (found?.[1] === undefined) return undefined;
    const wrong = found[0].replace(/\{\s*[\w$]+/, (start) => `${start}Missing`);
    return modified(
      path,
      text,
      text.slice(0, found.index) + wrong + text.slice(found.index + found[0].length),
    );
  },
  'leaked-secret': ({ path, text }, random) => {
    const letters = (count: number, from: string): string =>
      Array.from({ length: count }, () => from[Math.floor(random() * from.length)]).join('');
    const both = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    const secret = pick(
      [
        `ghp_${letters(36, both)}`,
        `sk-ant-api03-${letters(93, both)}AA`,
        `xoxb-${letters(12, '123456789')}-${letters(12, '123456789')}-${letters(24, both)}`,
        `npm_${letters(36, both)}`,
      ],
      random,
    );
    return modified(path, text, `${path.endsWith('.py') ? 'token' : 'const token'} = '${secret}'\n${text}`);
  },
  'escaping-path': ({ path, text }, random) => {
    const wrong = pick(
      [
        `../${path}`,
        `/${path}`,
        `a/../../${path}`,
        `.git/hooks/${path.split('/').at(-1)}`,
        `node_modules/${path}`,
      ],
      random,
    );
    return wrong === undefined ? undefined : added(wrong, text);
  },
};

function isDeclaration(path: string): boolean {
  return /\.d\.[cm]?ts$/.test(path);
}

export function added(path: string, text: string): FileChange {
  return { path, status: 'added', after: image(text) };
}

export function modified(path: string, before: string, after: string): FileChange {
  return { path, status: 'modified', before: image(before), after: image(after) };
}

function image(text: string) {
  return { content: Buffer.from(text), mode: 0o644 };
}

function pick<T>(values: readonly T[], random: Random): T | undefined {
  return values[Math.floor(random() * values.length)];
}

function isCode(text: string, index: number): boolean {
  const before = text.slice(text.lastIndexOf('\n', index - 1) + 1, index);
  const after = text.slice(index, text.indexOf('\n', index));
  const hasOpenString = ['"', "'", '`', '/'].some((quote) => before.includes(quote) || after.includes(quote));
  const block = text.slice(0, index);
  const isInComment = block.lastIndexOf('/*') > block.lastIndexOf('*/');
  return !hasOpenString && !isInComment && !/#|^\s*\*/.test(before) && block.split('`').length % 2 === 1;
}
