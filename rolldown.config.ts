import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';
import packageJson from './package.json' with { type: 'json' };

/**
 * `dist/`: the library and the command, with what they share in `chunks/`. The packages that every start needs are bundled in, where
 * what is not used falls away; the others stay packages.
 */
export default defineConfig({
  input: { index: 'src/index.ts', 'cli/main': 'src/cli/main.ts' },
  platform: 'node',
  external: Object.keys(packageJson.dependencies).map((name) => new RegExp(`^${name}(/|$)`)),
  output: {
    dir: 'dist',
    cleanDir: true,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    comments: { legal: true, annotation: true, jsdoc: false },
    sourcemap: false,
  },
  plugins: [copyGrammars()],
});

/** Users do not get the packages of these two grammars, which compile native code when they are installed; src/agents/critic/grammars.ts. */
function copyGrammars(): Plugin {
  return {
    name: 'copy-grammars',
    writeBundle({ dir = 'dist' }) {
      const require = createRequire(import.meta.url);
      mkdirSync(join(dir, 'grammars'), { recursive: true });
      for (const name of ['c', 'json']) {
        const file = require.resolve(`tree-sitter-${name}/tree-sitter-${name}.wasm`);
        copyFileSync(file, join(dir, 'grammars', basename(file)));
      }
    },
  };
}
