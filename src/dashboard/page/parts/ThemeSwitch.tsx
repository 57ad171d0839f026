import { useEffect, useState } from 'preact/hooks';
import { applyTheme, onSystemTheme, resolvedTheme, storedTheme, type ThemeChoice } from '../theme.ts';

const next: Readonly<Record<ThemeChoice, ThemeChoice>> = { system: 'light', light: 'dark', dark: 'system' };
const symbols: Readonly<Record<ThemeChoice, string>> = { system: '◐', light: '☀', dark: '☾' };
const themed = 'teelamma-themed';

/** Follows the system, light, dark, in turn. */
export function ThemeSwitch() {
  const [choice, setChoice] = useState(storedTheme);
  useEffect(() => {
    applyTheme(choice);
    dispatchEvent(new Event(themed));
    return onSystemTheme(() => {
      applyTheme(choice);
      dispatchEvent(new Event(themed));
    });
  }, [choice]);
  const label = `Theme: ${choice}. Switch to ${next[choice]}`;
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      onClick={() => setChoice(next[choice])}
    >
      <span aria-hidden="true">{symbols[choice]}</span>
    </button>
  );
}

/** The theme that is shown; draws again when it changes. Charts need it: they draw their own colours. */
export function useTheme(): 'light' | 'dark' {
  const [theme, setTheme] = useState(() => resolvedTheme(storedTheme()));
  useEffect(() => {
    const update = () => setTheme(resolvedTheme(storedTheme()));
    addEventListener(themed, update);
    return () => removeEventListener(themed, update);
  }, []);
  return theme;
}
