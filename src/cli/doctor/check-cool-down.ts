import type { Config } from '../../config/Config.ts';
import { formatCountdown } from '../../messages/format-countdown.ts';
import { CoolDown } from '../../state/CoolDown.ts';
import { formatMoment } from '../format-time.ts';
import type { Check } from './Check.ts';

/** Whether Claude asked not to be called for a while, so that Ollama does the work. Nothing where it did not. */
export function checkCoolDown(
  { paths }: Config,
  { nowMs, timeZone }: { readonly nowMs: number; readonly timeZone: string },
): readonly Check[] {
  const open = new CoolDown(
    { file: paths.coolDownFile },
    { nowMs: () => nowMs, onProblem: () => {} },
  ).current();
  if (open === null) return [];
  const until = `${formatMoment(open.untilMs, timeZone)}, in ${formatCountdown(open.untilMs - nowMs)}`;
  return [
    {
      name: 'Claude cool-down',
      status: 'warn',
      found: `Claude asked not to be called before ${until}; Ollama does the work until then. It said: ${open.reason}`,
      fix: `wait, or delete ${paths.coolDownFile} to ask Claude again at once`,
    },
  ];
}
