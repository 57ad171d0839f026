import { useState } from 'preact/hooks';
import { amountText } from '../../../messages/format-amount.ts';
import type { BudgetView, LimitDocument, LimitRequest } from '../../api/api-types.ts';
import { changeByApi } from '../live/api.ts';
import { noteChange } from '../live/live.ts';
import { Dialog } from './Dialog.tsx';

interface LimitDialogProps {
  readonly budget: BudgetView;
  readonly onClose: () => void;
  /** Told what was set, and what to know about it. */
  readonly onDone: (sentences: readonly string[]) => void;
}

/** Changes the limit of the default budget. */
export function LimitDialog({ budget, onClose, onDone }: LimitDialogProps) {
  const [limit, setLimit] = useState('');
  const [window, setWindow] = useState('');
  const onConfirm = async () => {
    const request: LimitRequest = { limit, ...(window !== '' && { window }) };
    const { limitText, windowText, notes } = await changeByApi<LimitDocument>('limit', request);
    onDone([`The limit is now ${limitText} per ${windowText}.`, ...notes]);
    noteChange();
  };
  return (
    <Dialog title="Change the limit" confirm="Change the limit" onConfirm={onConfirm} onClose={onClose}>
      <p>
        Now: <strong>{amountText(budget, budget.limit)}</strong> per {budget.windowText}. The new one holds at
        once, for everything that runs, and stands in <code>config.json</code>.
      </p>
      <label class="field">
        <span class="field-label">New limit</span>
        <input
          name="limit"
          required
          autocomplete="off"
          spellcheck={false}
          placeholder="such as 500k, 2M or $20"
          value={limit}
          onInput={(event) => setLimit(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span class="field-label">Window (left empty, it stays as it is)</span>
        <input
          name="window"
          autocomplete="off"
          spellcheck={false}
          placeholder="such as 5h or 7d"
          value={window}
          onInput={(event) => setWindow(event.currentTarget.value)}
        />
      </label>
    </Dialog>
  );
}
