/**
 * Tests with programs of others, which are installed for it into temporary folders: `npm run test:clients`, or with the name of one,
 * `npm run test:claude-code`. Where a program cannot be installed, it says so and leaves it out.
 */
import { testClaudeCode } from './claude-code.ts';
import { testClaudeCodeGateway } from './claude-code-gateway.ts';
import { testClaudeCodePlugin } from './claude-code-plugin.ts';
import { testInspector } from './inspector.ts';

const tests = {
  inspector: testInspector,
  'claude-code': testClaudeCode,
  'claude-code-gateway': testClaudeCodeGateway,
  'claude-code-plugin': testClaudeCodePlugin,
} as const;
const names = Object.keys(tests) as (keyof typeof tests)[];
const wanted = names.filter((name) => process.argv.length < 3 || process.argv.includes(name));
if (wanted.length === 0) throw new Error(`There are the tests ${names.join(', ')}`);
for (const name of wanted) await tests[name]((line) => process.stdout.write(`${name}: ${line}\n`));
