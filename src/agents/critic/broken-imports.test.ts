import { describe, expect, it } from 'vitest';
import { findBrokenImports } from './broken-imports.ts';

const files: Readonly<Record<string, string>> = {
  'src/a.ts': 'export const one = 1;\nexport default 2;\n',
  'src/all.ts': "export * from './a.ts';\n",
  'src/common.cjs': 'module.exports = { x: 1 };\n',
  'src/folder/index.js': 'export function inside() {}\n',
  'pkg/__init__.py': 'VERSION = 1\n',
  'pkg/tools.py': 'def helper():\n    pass\n',
};
const messages = (path: string, text: string) =>
  findBrokenImports(path, text, { read: (file) => files[file] ?? null }).map(({ message }) => message);

it.each([
  ['src/b.ts', "import { one } from './a.js';\nimport two from './a.ts';\nimport * as all from './a';\n"],
  [
    'src/b.ts',
    "import { one } from './all.ts';\nimport { x } from './common.cjs';\nimport { inside } from './folder';\n",
  ],
  [
    'src/b.ts',
    "import { z } from 'zod';\n// import { gone } from './gone.ts';\nconst text = `\nimport x from './gone.ts'\n`;\n",
  ],
  ['pkg/main.py', 'from .tools import helper\nfrom . import tools, VERSION\nfrom requests import get\n'],
  ['pkg/main.py', 'try:\n    from .fast import helper\nexcept ImportError:\n    pass\n'],
])('finds nothing wrong in %s: %j', (path, text) => {
  expect(messages(path, text)).toEqual([]);
});

it.each([
  [
    'src/b.ts',
    "\nimport { one } from './gone.ts';",
    'src/b.ts imports ./gone.ts, and there is no such file (line 2).',
  ],
  [
    'src/b.ts',
    "import { two } from './a.ts';",
    'src/b.ts imports two from ./a.ts, which does not export it (line 1).',
  ],
  [
    'src/b.js',
    "export { one } from '../a.ts';",
    'src/b.js imports ../a.ts, and there is no such file (line 1).',
  ],
  [
    'pkg/main.py',
    'from .gone import x',
    'pkg/main.py imports from .gone, and there is no such module (line 1).',
  ],
  [
    'pkg/main.py',
    'from .tools import other',
    'pkg/main.py imports other from .tools, which does not define it (line 1).',
  ],
])('finds what is wrong in %s: %j', (path, text, message) => {
  expect(messages(path, text)).toEqual([message]);
});

describe('the names that a module exports', () => {
  const modules: Readonly<Record<string, string>> = {
    'a.ts': [
      'const hidden = 1, both = 2;',
      'export { both as shown, type Kind as Sort };',
      'export const one: Record<string, number> = { a: 1, hidden };',
      'export async function* steps() {}',
      'export abstract class Base {}',
      'export const enum Level { Low }',
      "export * as inner from './b.ts';",
      'export default hidden;',
    ].join('\n'),
    'pair.ts': 'export let first = 1, second = 2;\n',
    'all.ts': "export * from './a';\nexport type * from './pair';\n",
    'loop.ts': "export * from './loop2.ts';\n",
    'loop2.ts': "export * from './loop.ts';\nexport const end = 1;\n",
    'package.ts': "export * from 'zod';\n",
    'types.d.ts': 'interface Shown {}\ndeclare const value: Shown;\n',
    'types.js': 'export const made = 1;\n',
    'text.mjs': 'export const text = "exports.x = 1";\nconst other = 1;\n',
    'plain.cjs': 'exports.plain = 1;\nmodule.exports.more = 2;\n',
    'object.cjs': 'const listed = 1;\nmodule.exports = {\n  listed,\n};\n',
    'spread.cjs': "module.exports = {\n  ...require('./object.cjs'),\n};\n",
    'star.js': '__exportStar(require("./plain.cjs"), exports);\n',
    'whole.cjs': "module.exports = require('./plain.cjs');\n",
    'class.cjs': 'class Shop {}\nShop.open = true;\nmodule.exports = Shop;\n',
    'dynamic.cjs': 'for (const key of ["a"]) exports[key] = 1;\n',
    'call.cjs': 'module.exports = make();\n',
    'data.json': '{}',
  };
  const broken = (names: string, from: string) =>
    findBrokenImports('main.ts', `import { ${names} } from './${from}';\n`, {
      read: (path) => modules[path] ?? null,
    }).length > 0;

  it.each([
    ['shown, type Sort, one, steps, Base, Level, inner, default as it', 'a.ts'],
    ['first, second', 'pair'],
    ['shown, first', 'all.ts'],
    ['end', 'loop.ts'],
    ['anything', 'package.ts'],
    ['type Shown, made', 'types.js'],
    ['plain, more', 'plain.cjs'],
    ['listed', 'object.cjs'],
    ['anything', 'spread.cjs'],
    ['plain', 'star.js'],
    ['plain', 'whole.cjs'],
    ['open', 'class.cjs'],
    ['anything', 'dynamic.cjs'],
    ['anything', 'call.cjs'],
    ['anything', 'data.json'],
  ])('are not doubted: %s of %s', (names, from) => expect(broken(names, from)).toBe(false));

  it.each([
    ['hidden', 'a.ts'],
    ['both', 'a.ts'],
    ['Kind', 'a.ts'],
    ['third', 'pair'],
    ['hidden', 'all.ts'],
    ['other', 'loop.ts'],
    ['none', 'types.js'],
    ['x', 'text.mjs'],
    ['other', 'text.mjs'],
    ['none', 'plain.cjs'],
    ['none', 'object.cjs'],
    ['none', 'star.js'],
    ['none', 'whole.cjs'],
    ['closed', 'class.cjs'],
  ])('are known: %s of %s is none', (names, from) => expect(broken(names, from)).toBe(true));
});
