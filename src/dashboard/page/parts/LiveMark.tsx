import { useLive } from '../live/live.ts';

const texts = { connecting: 'Connecting', live: 'Live', lost: 'Connection lost' } as const;

/** Whether what is shown is as of now. */
export function LiveMark() {
  const { state } = useLive();
  return (
    <span class={`live live-${state}`} role="status">
      <span class="live-dot" aria-hidden="true" />
      {texts[state]}
    </span>
  );
}
