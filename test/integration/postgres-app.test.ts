import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startInstallation } from '../support/installation.ts';
import { type PostgresServer, startPostgres } from '../support/start-postgres.ts';
import { teelamma } from '../support/teelamma.ts';

const complexTask = 'Refactor the authentication module to support OAuth2 and migrate existing sessions';

describe("a team's ledger on Postgres, by TEELAMMA_LEDGER", () => {
  let server: PostgresServer;
  let ledger: { readonly TEELAMMA_LEDGER: string };

  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    ledger = { TEELAMMA_LEDGER: await server.createDatabase() };
  });

  it('is one budget for installations that share nothing else', async () => {
    await using first = await startInstallation();
    await using second = await startInstallation();
    const one = await (await first.open(ledger)).pipeline.executeTask(complexTask);
    const app = await second.open(ledger);
    const two = await app.pipeline.executeTask(complexTask);
    expect([one.agent, two.agent]).toEqual(['claude-specialist', 'claude-specialist']);
    const billed = first.claude.chargedTokens + second.claude.chargedTokens;
    expect(billed).toBe(one.chargedTokens + two.chargedTokens);
    expect((await app.ledger.status())[0]).toMatchObject({ settledTokens: billed, heldTokens: 0 });
    expect(app.budget.getRemaining()).toBe(10_000 - billed);
  });

  it('is closed while it cannot be reached: Ollama does the work, with the reason and without the password', async () => {
    await using installation = await startInstallation();
    const url = 'postgres://teelamma:very-secret@127.0.0.1:2/teelamma';
    const warnings: string[] = [];
    const app = await installation.open({ TEELAMMA_LEDGER: url });
    const result = await app.pipeline.executeTask(complexTask, undefined, {
      onEvent: (event) => void (event.type === 'warning' && warnings.push(event.message)),
    });
    expect(result).toMatchObject({
      agent: 'ollama-specialist',
      verdict: { outcome: 'approved' },
      chargedTokens: 0,
    });
    expect(result.decision.reason).toMatch(/^Claude is not asked without a ledger \(.*127\.0\.0\.1:2/);
    expect(result.decision.tokenBudgetStatus).toBeUndefined();
    expect(JSON.stringify([result, warnings])).not.toContain('very-secret');
    expect(installation.claude.requests).toHaveLength(0);

    const doctor = await teelamma(['doctor', '--offline'], {
      ...(installation.environment as Record<string, string>),
      TEELAMMA_LEDGER: url,
    });
    expect(doctor.code).toBe(5);
    expect(doctor.stdout).toMatch(/FAIL +Ledger/);
    expect(doctor.stdout + doctor.stderr).not.toContain('very-secret');
  });

  it('refuses what is no Postgres URL, without repeating it', async () => {
    await using installation = await startInstallation();
    const failure = installation.open({ TEELAMMA_LEDGER: 'mysql://me:very-secret@db/x' });
    await expect(failure).rejects.toThrow('TEELAMMA_LEDGER) must be the URL of a Postgres database');
    await expect(failure).rejects.not.toThrow('very-secret');
  });
});
