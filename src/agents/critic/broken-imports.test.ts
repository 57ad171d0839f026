import { expect, it } from 'vitest';
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
    "import { whatever } from './all.ts';\nimport { x } from './common.cjs';\nimport { inside } from './folder';\n",
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
