import { expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import plugin from '../plugin/.claude-plugin/plugin.json' with { type: 'json' };
import { version } from './version.ts';

it('is the version of package.json, as that of the plugin is', () => {
  expect([version, plugin.version]).toEqual([packageJson.version, packageJson.version]);
});
