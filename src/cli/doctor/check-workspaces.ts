import type { Paths } from '../../config/Config.ts';
import { messageOf } from '../../errors.ts';
import { recoverAll } from '../../workspace/apply/AppliedTasks.ts';
import { recoveryLine } from '../../workspace/apply/recovery-line.ts';
import type { Check } from './Check.ts';

/** Brings changes of workspaces that were interrupted to their end; says nothing where there were none. */
export async function checkWorkspaces({ stateFolder }: Paths): Promise<readonly Check[]> {
  const name = 'Workspaces';
  try {
    const recoveries = await recoverAll(stateFolder);
    return recoveries.map((recovery) => {
      const isWaiting = recovery.outcome === 'folder-away' || recovery.leftAlone.length > 0;
      return { name, status: isWaiting ? 'warn' : 'ok', found: recoveryLine(recovery) };
    });
  } catch (error) {
    return [{ name, status: 'warn', found: messageOf(error) }];
  }
}
