import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ProjectChecks } from '../../src/workspace/checks/ProjectChecks.ts';
import { exampleSeeds } from './example-seeds.ts';
import { type Source, seededRandom } from './seeded-defects.ts';

export interface ExampleMeasurement {
  readonly seeded: number;
  readonly found: number;
  readonly missed: readonly string[];
  /** The same files with a comment added, whose examples hold. */
  readonly alarms: readonly string[];
}

/** How the examples of changed files judge code that was changed so that an example of it fails; null where there is no sandbox. */
export async function measureExamples(
  sources: readonly Source[],
  most: number,
  seed: number,
): Promise<ExampleMeasurement | null> {
  const checks = new ProjectChecks({
    path: process.env['PATH'] ?? '',
    home: process.env['HOME'] ?? homedir(),
  });
  const search = await checks.sandbox();
  if (!search.found) return null;
  const seeds = await exampleSeeds(sources, most, seededRandom(seed), search);
  const missed: string[] = [];
  const alarms: string[] = [];
  for (const { path, sound, defect } of seeds) {
    const folder = mkdtempSync(join(tmpdir(), 'teelamma-seed-'));
    const name = basename(path);
    const judge = async (text: string) => {
      const changes = [{ path: name, content: Buffer.from(text) }];
      const { issues } = await checks.run({ workspaceFolder: folder, changes });
      return issues.filter(({ severity }) => severity === 'error');
    };
    try {
      writeFileSync(join(folder, name), sound);
      const [alarm] = await judge(`${sound}\n// Looked at.\n`);
      if (alarm) alarms.push(`${path}: ${alarm.message}`);
      if ((await judge(defect)).length === 0) missed.push(path);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return { seeded: seeds.length, found: seeds.length - missed.length, missed, alarms };
}
