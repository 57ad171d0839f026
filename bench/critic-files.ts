/**
 * How the critic judges whole files, on real ones: false alarms on untouched files, and the share of seeded defects that it finds, each with
 * its 95 % bounds.
 *
 *     node bench/critic-files.ts [--json] [--list] [--files 1000] [--each 300] [--examples 100] [folder]
 */
import { parseArgs } from 'node:util';
import { bounds, findSources, measureCritic } from './critic/measure.ts';
import { measureExamples } from './critic/measure-examples.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    list: { type: 'boolean' },
    files: { type: 'string', default: '1000' },
    each: { type: 'string', default: '300' },
    examples: { type: 'string', default: '100' },
  },
});
const root = positionals[0] ?? 'node_modules';
const sources = findSources(root, Number(flags.files), 1);
const { untouched, writtenAnew, byKind } = await measureCritic(root, sources, Number(flags.each), 2);
const mostExamples = Number(flags.examples);
// Few files have a function that can be called by itself, so all of them are looked at.
const everything = mostExamples > 0 ? findSources(root, Number.MAX_SAFE_INTEGER, 1) : [];
const examples = await measureExamples(everything, mostExamples, 3);
if (examples === null) console.error('There is no sandbox, so no example was run.');
const rows = [
  { name: 'untouched files, flagged', part: untouched.alarms.length, whole: untouched.files },
  { name: 'written anew, flagged', part: writtenAnew.alarms.length, whole: writtenAnew.files },
  ...Object.entries(byKind).map(([name, { found, seeded }]) => ({
    name: `${name}, found`,
    part: found,
    whole: seeded,
  })),
  ...(examples === null
    ? []
    : [
        { name: 'failing example, found', part: examples.found, whole: examples.seeded },
        { name: 'examples that hold, flagged', part: examples.alarms.length, whole: examples.seeded },
      ]),
].map((row) => ({ ...row, bounds: bounds(row.part, row.whole) }));
if (flags.json) console.log(JSON.stringify({ rows }, null, 2));
else {
  for (const {
    name,
    part,
    whole,
    bounds: [low, high],
  } of rows) {
    const share = whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
    console.log(
      `${name.padEnd(28)} ${`${part}/${whole}`.padStart(10)} ${share.padStart(8)}  [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`,
    );
  }
}
if (flags.list) {
  for (const alarm of untouched.alarms) console.log(`alarm  ${alarm}`);
  for (const alarm of writtenAnew.alarms) console.log(`anew   ${alarm}`);
  for (const [kind, { missed }] of Object.entries(byKind))
    for (const path of missed) console.log(`missed ${kind} ${path}`);
  for (const path of examples?.missed ?? []) console.log(`missed failing example ${path}`);
  for (const alarm of examples?.alarms ?? []) console.log(`alarm example ${alarm}`);
}
