/** `npm run torture:apply`: kills an apply and an undo at every change of the disk that they make. */
import { killApply } from './apply/kill-apply.ts';

for (const what of ['apply', 'undo'] as const) {
  const { failures, ...figures } = await killApply(what);
  process.stdout.write(`${what} ${JSON.stringify(figures)}\n`);
  for (const failure of failures) process.stderr.write(`${failure}\n`);
  if (failures.length > 0) process.exitCode = 1;
}
