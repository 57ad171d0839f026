import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryHome } from '../support/temporary-home.ts';
import { document, teelamma } from './command.ts';

let folder: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  folder = temporaryHome();
});
afterEach(() => folder.remove());

const run = (commandLine: string[], environment: Readonly<Record<string, string>> = {}) =>
  teelamma(commandLine, { home: folder.home, environment });
const task = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';

it('run and route take a strategy, and say in words that it decided', async () => {
  const local = document(await run(['run', '--simulate', '--json', '--strategy', 'local-first', task]));
  expect(local).toMatchObject({
    agent: 'ollama-specialist',
    decision: { strategy: 'local-first', cause: 'local-first', propensity: 1 },
  });
  const routed = await run(['route', '--strategy', 'claude-first', 'What is 2+2?']);
  expect(routed.stdout).toContain('claude-specialist: Claude first, as the strategy says (simple task');
});

it('what is no strategy, or no share, is refused in one line', async () => {
  const flag = await run(['run', '--strategy', 'cheapest', task]);
  expect(flag).toMatchObject({ exitCode: 2, stdout: '' });
  expect(flag.stderr).toMatch(/^teelamma: .*budget-first, local-first, claude-first.*\n$/);
  const variable = await run(['route', task], { TEELAMMA_STRATEGY: 'cheapest' });
  expect(variable).toMatchObject({ exitCode: 2, stdout: '' });
  expect(variable.stderr).toContain('TEELAMMA_STRATEGY');
  const share = await run(['config', 'set', 'router.exploration', '60%']);
  expect(share.exitCode).toBe(2);
  expect(share.stderr).toContain('a share from 0 to 50 %, such as 5% or 0.05');
  expect((await run(['config', 'set', 'router.exploration', '5%'])).exitCode).toBe(0);
  expect(document(await run(['config', 'get', 'router.exploration', '--json']))).toMatchObject({
    value: 0.05,
  });
});
