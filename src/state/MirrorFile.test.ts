import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { MirrorFile } from './MirrorFile.ts';

it('a mirror that is stopped asks for nothing any more, also where several writes were waiting', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'teelamma-mirror-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'copy.json');
  let isClosed = false;
  let asked = 0;
  const content = () => {
    if (isClosed) throw new Error('The ledger was closed.');
    asked += 1;
    return asked;
  };
  const isSame = () => true;
  const mirror = new MirrorFile<number>({ file }, { content, isSame, onWarning: expect.fail });
  const saves = [mirror.save(), mirror.save(), mirror.save()];
  await mirror.stop();
  isClosed = true;
  await Promise.all(saves);
  expect([asked, JSON.parse(readFileSync(file, 'utf8'))]).toEqual([6, 5]);
});
