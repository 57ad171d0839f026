import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { startTeelamma, teelamma } from '../support/teelamma.ts';
import { temporaryHome } from '../support/temporary-home.ts';

describe('teelamma serve where Claude would be itself', () => {
  it('does not use an inherited ANTHROPIC_BASE_URL at which it is about to listen', async () => {
    const folder = temporaryHome();
    const port = await freePort();
    const serving = startTeelamma(['serve', '--port', String(port)], {
      HOME: folder.home,
      ANTHROPIC_BASE_URL: `http://localhost:${port}`,
    });
    try {
      await eventually(() => expect(serving.printed.stderr).toContain('The dashboard is at'));
      expect(serving.printed.stdout).toContain(`ANTHROPIC_BASE_URL=http://127.0.0.1:${port}`);
      expect(serving.printed.stderr).toContain(
        `ANTHROPIC_BASE_URL (http://localhost:${port}) is this gateway itself`,
      );
      expect(serving.printed.stderr).toContain('Claude is asked at https://api.anthropic.com,');
    } finally {
      const ended = once(serving.child, 'exit');
      serving.child.kill('SIGTERM');
      await ended;
      folder.remove();
    }
  });

  it('refuses to start where it was configured so', async () => {
    const folder = temporaryHome();
    const port = await freePort();
    try {
      const { code, stdout, stderr } = await teelamma(['serve', '--port', String(port)], {
        HOME: folder.home,
        TEELAMMA_CLAUDE_URL: `http://127.0.0.1:${port}`,
      });
      expect(code).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toBe(
        `teelamma: The gateway would ask itself for Claude: http://127.0.0.1:${port} is its own address. Set TEELAMMA_CLAUDE_URL, or claude.url, to Claude's.\n`,
      );
    } finally {
      folder.remove();
    }
  });
});
