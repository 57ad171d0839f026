import { expect, it } from 'vitest';
import { sampleEdit } from './sample-edit.ts';

const request = {
  model: 'm',
  prompt: 'Mend src/a.py please',
  tools: ['list_files', 'read_file', 'edit_file', 'write_file'].map((name) => ({ name, schema: {} })),
  wantsThinking: false,
  format: undefined,
  markers: {},
};
const step = (toolResults: readonly string[], more = {}) => sampleEdit({ ...request, toolResults, ...more });

it('looks, reads the file that the task names, edits it, and is done', () => {
  expect(step([])).toMatchObject({ name: 'list_files' });
  expect(step(['src/a.py\nb.py'])).toMatchObject({ name: 'read_file', input: { path: 'src/a.py' } });
  expect(step(['src/a.py', '1\tx = 1\n2\ty'])).toMatchObject({
    name: 'edit_file',
    input: { path: 'src/a.py', old_string: 'x = 1', new_string: '# [simulated m] a sample edit\nx = 1' },
  });
  expect(step(['src/a.py', '1\tx = 1', 'Edited'])).toBeNull();
});

it('writes a sample where the task names no file, and leaves other requests alone', () => {
  expect(step(['src/a.py'], { prompt: 'Do it' })).toMatchObject({ name: 'write_file' });
  expect(step(['src/a.py', 'Made'], { prompt: 'Do it' })).toBeNull();
  expect(step([], { tools: request.tools.slice(1) })).toBeNull();
});
