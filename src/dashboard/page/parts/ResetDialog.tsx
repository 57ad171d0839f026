import { amountText } from '../../../messages/format-amount.ts';
import type { BudgetView, ResetRequest } from '../../api/api-types.ts';
import { changeByApi } from '../live/api.ts';
import { noteChange } from '../live/live.ts';
import { Dialog } from './Dialog.tsx';

interface ResetDialogProps {
  readonly budget: BudgetView;
  readonly onClose: () => void;
  readonly onDone: (sentences: readonly string[]) => void;
}

/** Ends a budget's window now. */
export function ResetDialog({ budget, onClose, onDone }: ResetDialogProps) {
  const { name, counter, settled } = budget;
  const onConfirm = async () => {
    const request: ResetRequest = { budget: name };
    await changeByApi('reset', request);
    onDone([`The budget ${name} was reset: a new window begins with the next use.`]);
    noteChange();
  };
  return (
    <Dialog
      title={`Reset the budget ${name}?`}
      confirm="Reset the budget"
      isDangerous
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <p>
        <strong>{amountText(budget, settled)}</strong> used are forgotten{' '}
        {counter === null ? '' : '(and what its other counters used) '}and a new window begins with the next
        use. Claude may then use the whole limit again. This cannot be taken back; the history keeps every
        call.
      </p>
    </Dialog>
  );
}
