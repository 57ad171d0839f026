import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/index.ts';
import { startInstallation } from '../support/installation.ts';

const complexTask = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';

/** Only root may mount; elsewhere the ledger's own tests of a full file stand for it. */
const mayMount = process.platform === 'linux' && process.getuid?.() === 0;

describe('a full disk', () => {
  it.runIf(mayMount)('keeps Claude unasked and the work going, and loses no answer', async () => {
    await using installation = await startInstallation();
    const disk = join(installation.home, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk]);
    const warnings: string[] = [];
    const environment = { ...installation.environment, TEELAMMA_HOME: disk };
    try {
      const app = await createApp({ environment, onWarning: (message) => warnings.push(message) });
      const before = await app.pipeline.executeTask(complexTask);
      expect(before.agent).toBe('claude-specialist');
      fill(join(disk, 'fill'));

      const result = await app.pipeline.executeTask(complexTask);
      expect(result).toMatchObject({ agent: 'ollama-specialist', verdict: { outcome: 'approved' } });
      const reasons = [result.decision.reason, ...result.handovers.map(({ reason }) => reason)].join(' ');
      expect(reasons).toMatch(/Claude is not asked without a ledger.*cannot be written/);
      expect(installation.claude.chargedTokens).toBe(before.chargedTokens);

      rmSync(join(disk, 'fill'));
      const after = await app.pipeline.executeTask(complexTask);
      expect(after.agent).toBe('claude-specialist');
      expect((await app.ledger.status())[0]?.settledTokens).toBe(installation.claude.chargedTokens);
      await app[Symbol.asyncDispose]();
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

/** Writes until nothing more fits. */
function fill(file: string): void {
  for (const size of [65_536, 4_096, 512]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch {
      // Full for this size: a smaller piece may still fit.
    }
  }
}
