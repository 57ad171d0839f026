import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** How one scenario ended. A warning is a recommendation that was not followed. */
export interface ScenarioResult {
  readonly passed: number;
  readonly failed: number;
  readonly warnings: number;
  /** What the failed checks say. */
  readonly problems: readonly string[];
}

interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly errorMessage?: string;
}

const suite = 'node_modules/@modelcontextprotocol/conformance/dist/index.js';

/** Runs every server scenario that the official suite has for a revision against a server; results by scenario. */
export async function runConformance(url: string, revision: string): Promise<Map<string, ScenarioResult>> {
  const folder = await mkdtemp(join(tmpdir(), 'teelamma-conformance-'));
  try {
    const args = [suite, 'server', '--url', url, '--spec-version', revision, '--suite', 'all', '-o', folder];
    // A failed scenario gives the command an exit code; what failed is read from the files.
    await promisify(execFile)(process.execPath, args).catch((error: { readonly code?: unknown }) => {
      if (error.code !== 1) throw error;
    });
    const results = new Map<string, ScenarioResult>();
    for (const name of await readdir(folder)) {
      const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name)?.[1];
      if (scenario === undefined) continue;
      const checks = JSON.parse(await readFile(join(folder, name, 'checks.json'), 'utf8')) as Check[];
      results.set(scenario, count(checks));
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function count(checks: readonly Check[]): ScenarioResult {
  const of = (status: Check['status']) => checks.filter((check) => check.status === status);
  return {
    passed: of('SUCCESS').length,
    failed: of('FAILURE').length,
    warnings: of('WARNING').length,
    problems: of('FAILURE').map(({ id, errorMessage }) => `${id}: ${errorMessage ?? 'failed'}`),
  };
}
