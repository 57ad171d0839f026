import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { defineConfig, type Plugin, type RolldownOptions } from 'rolldown';
import packageJson from './package.json' with { type: 'json' };

/**
 * `dist/`: the library and the command, with what they share in `chunks/`. The packages that every start needs are bundled in, where
 * what is not used falls away; the others stay packages.
 */
const product: RolldownOptions = {
  input: {
    index: 'src/index.ts',
    'cli/main': 'src/cli/main.ts',
    'verify/ledger-child': 'src/verify/ledger-child.ts',
  },
  platform: 'node',
  // What `includeDependenciesRecursively: false` asks for.
  preserveEntrySignatures: 'allow-extension',
  // Node 22 does not know `await using`.
  transform: { target: 'node22.13' },
  external: Object.keys(packageJson.dependencies).map((name) => new RegExp(`^${name}(/|$)`)),
  output: {
    dir: 'dist',
    cleanDir: true,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    // A start loads few files: each costs about half a millisecond, which small modules cannot earn back.
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        {
          name: 'quick',
          test: /src\/(errors|cli\/((statusline|hook)\/.*|style|display-width|clock-time|run-quickly|read-hook-input|known-budgets)|config\/(paths|process-scope|make-folder|write-private-file|match-pattern)|state\/(budget-overview|mirror-content|CoolDown|scope|limits-file|reported-limit)|messages\/(format-(amount|tokens|usd)|open-record))\.ts$/,
        },
        { name: 'core', test: /@oxc-project|src\/(errors|version|app|config\/.*|agents\/strategy)\.ts$/ },
        {
          name: 'ledger',
          test: /src\/state\/(sqlite|usage|amounts|calendar-period|check-arguments|current-window|budget-status|tokens-left|turn-record|task-columns|token-cost|audit\/usage-of-row|forecast|Ledger\.ts)|src\/messages\/token-usage/,
        },
        {
          name: 'cli',
          test: /src\/cli\/(?!main|read-task|confirm)[^/]*\.ts$|src\/cli\/(commands\/budget\.ts|budget\/(show-budget|status|budget-document|forecast-line))|src\/messages\/format-countdown|node_modules\/commander|lazy-child-process/,
        },
      ],
    },
    comments: { legal: true, annotation: true, jsdoc: false },
    sourcemap: false,
  },
  plugins: [lazyChildProcess(), plainBuiltins(), copyGrammars(), keepLicences()],
};

const pageFolder = 'src/dashboard/page';

/** `dist/dashboard/`: what a browser is served. */
const page: RolldownOptions = {
  input: { app: `${pageFolder}/main.tsx` },
  platform: 'browser',
  transform: { target: 'es2023', jsx: { runtime: 'automatic', importSource: 'preact' } },
  output: {
    dir: 'dist/dashboard',
    format: 'esm',
    entryFileNames: '[name].js',
    minify: true,
    sourcemap: false,
  },
  plugins: [copyPage(), keepLicences()],
};

/** A file of its own and no module, because it runs before anything is drawn. */
const theme: RolldownOptions = {
  ...page,
  input: { theme: `${pageFolder}/theme-start.ts` },
  output: { ...page.output, format: 'iife' },
  plugins: [],
};

/** In this order: the first clears `dist/`. */
export default defineConfig([product, page, theme]);

/** The page itself, its icon, and all styles as one file. */
function copyPage(): Plugin {
  return {
    name: 'copy-page',
    writeBundle({ dir = 'dist/dashboard' }) {
      for (const name of ['index.html', 'icon.svg']) copyFileSync(join(pageFolder, name), join(dir, name));
      const sheets = [
        'node_modules/uplot/dist/uPlot.min.css',
        ...['base', 'layout', 'parts', 'charts'].map((name) => join(pageFolder, 'styles', `${name}.css`)),
      ];
      writeFileSync(join(dir, 'app.css'), sheets.map((sheet) => readFileSync(sheet, 'utf8')).join('\n'));
    },
  };
}

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

/** The licences of the packages that are bundled in, for those who get them with ours. */
function keepLicences(): Plugin {
  return {
    name: 'keep-licences',
    generateBundle() {
      const folders = new Set<string>();
      for (const id of this.getModuleIds()) {
        const [, folder] = /^(.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+)[/\\]/.exec(id) ?? [];
        if (folder !== undefined && !id.startsWith('\0')) folders.add(folder);
      }
      const namesByText = new Map<string, string[]>();
      for (const folder of [...folders].sort()) {
        const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
        const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
        const text = file === undefined ? license : readFileSync(join(folder, file), 'utf8').trim();
        namesByText.set(text, [...(namesByText.get(text) ?? []), `${name} ${version}`]);
      }
      const texts = [...namesByText].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`);
      const source = texts.join(`\n${'-'.repeat(80)}\n\n`);
      this.emitFile({ type: 'asset', fileName: 'third-party-licences.txt', source });
    },
  };
}

/** commander needs node:child_process only for subcommands that are programs of their own; loading it takes 4 ms of every start. */
function lazyChildProcess(): Plugin {
  const id = '\0lazy-child-process';
  return {
    name: 'lazy-child-process',
    resolveId: (source, importer) =>
      source === 'node:child_process' && importer?.includes('/commander/') ? id : null,
    load: (loaded) =>
      loaded === id
        ? "export default { spawn: (...given) => process.getBuiltinModule('node:child_process').spawn(...given) };"
        : null,
  };
}

/**
 * Importing a built-in module makes Node read all of its exports, lazy ones included: 3 ms for node:fs, 1.5 ms for node:util and
 * node:process each. `process.getBuiltinModule` gives the same object and reads nothing.
 */
function plainBuiltins(): Plugin {
  const staticImport =
    /^import (?:(\w[\w$]*)(?:, )?)?(?:\* as (\w[\w$]*)|\{([^}]*)\})? ?from "(node:[\w/]+)";$/gm;
  return {
    name: 'plain-builtins',
    renderChunk: (code) =>
      code.replace(
        staticImport,
        (_statement, whole?: string, namespace?: string, names?: string, id?: string) => {
          const source = `process.getBuiltinModule("${id}")`;
          const bindings = [whole, namespace, names && `{${names.replaceAll(' as ', ': ')}}`].filter(Boolean);
          return bindings.map((binding) => `const ${binding} = ${source};`).join(' ');
        },
      ),
  };
}
