import type { AlertView } from '../../api/api-types.ts';

/** Thresholds that are reached; what is added while the page is open is read out. */
export function AlertList({ alerts }: { readonly alerts: readonly AlertView[] }) {
  return (
    <ul class="alerts" aria-live="polite" aria-label="Alerts">
      {alerts.map(({ budgetId, kind, level, text }) => (
        <li key={`${kind} ${budgetId}`} class={`notice ${level === 'critical' ? 'tone-bad' : 'tone-warn'}`}>
          {text}
        </li>
      ))}
    </ul>
  );
}
