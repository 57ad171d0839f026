import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { imageAfter } from './FileChange.ts';
import { Refusal } from './Refusal.ts';
import { WorkspaceStage } from './WorkspaceStage.ts';

const start = { a: 'one', 'd/a': 'two', 'd/e/b': 'three', c: '' } as const;
const paths = ['a', 'b', 'c', 'd', 'd/a', 'd/e', 'd/e/b', 'd/e/c', 'f/g/h', './d/../a', 'd//a'];
const path = fc.constantFrom(...paths);
const step = fc.oneof(
  fc.record({ do: fc.constant('write' as const), path, content: fc.constantFrom('', 'one', 'x\r\n', 'ü') }),
  fc.record({ do: fc.constant('remove' as const), path }),
  fc.record({ do: fc.constant('rename' as const), path, to: path }),
);

it('leaves what the same steps leave in a real folder, and shows it all the while', () => {
  const above = realpathSync(mkdtempSync(join(tmpdir(), 'teelamma-property-')));
  let run = 0;
  let accepted = 0;
  try {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        run += 1;
        const folder = made(join(above, `${run}`));
        const model = made(join(above, `${run}-model`));
        const stage = WorkspaceStage.open(folder);
        for (const each of steps) {
          const outcome = take(stage, each);
          if (outcome instanceof Refusal) continue;
          accepted += 1;
          // What the stage accepts must be possible in a real folder.
          takeInFolder(model, each);
          expect(seenIn(stage)).toEqual(filesIn(model));
        }
        expect(filesIn(folder)).toEqual(start);
        for (const change of stage.changes()) {
          const file = join(folder, change.path);
          const image = imageAfter(change);
          rmSync(file, { force: true });
          if (image === null) continue;
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, image.content);
          chmodSync(file, image.mode);
          expect(statSync(file).mode & 0o777).toBe(image.mode);
        }
        expect(filesIn(folder)).toEqual(filesIn(model));
      }),
      { numRuns: 150 },
    );
    expect(accepted).toBeGreaterThan(200);
  } finally {
    rmSync(above, { recursive: true });
  }
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function take(stage: WorkspaceStage, each: Step): unknown {
  switch (each.do) {
    case 'write':
      return stage.write(each.path, Buffer.from(each.content));
    case 'remove':
      return stage.remove(each.path);
    case 'rename':
      return stage.rename(each.path, each.to);
  }
}

function takeInFolder(folder: string, each: Step): void {
  const file = join(folder, each.path);
  switch (each.do) {
    case 'write':
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, each.content);
      return;
    case 'remove':
      rmSync(file);
      return;
    case 'rename':
      mkdirSync(dirname(join(folder, each.to)), { recursive: true });
      renameSync(file, join(folder, each.to));
  }
}

function made(folder: string): string {
  for (const [name, content] of Object.entries(start)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

function seenIn(stage: WorkspaceStage, folder = ''): Record<string, string> {
  const { files, folders } = stage.namesIn(folder);
  const at = (name: string) => (folder === '' ? name : `${folder}/${name}`);
  const own = files.map((name) => {
    const file = stage.read(at(name));
    return [at(name), file instanceof Refusal ? file.reason : file.image.content.toString()] as const;
  });
  return Object.assign(Object.fromEntries(own), ...folders.map((name) => seenIn(stage, at(name))));
}

function filesIn(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [relative(folder, file), readFileSync(file, 'utf8')];
    }),
  );
}
