/** What the user chose; `system` follows the operating system. */
export type ThemeChoice = 'system' | 'light' | 'dark';

const key = 'teelamma-theme';
const darkQuery = '(prefers-color-scheme: dark)';

export function storedTheme(): ThemeChoice {
  try {
    const stored = localStorage.getItem(key);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    // A browser may forbid storage.
    return 'system';
  }
}

/** Sets the theme of the document, before or after anything is drawn, and keeps the choice. */
export function applyTheme(choice: ThemeChoice): void {
  document.documentElement.dataset['theme'] = resolvedTheme(choice);
  try {
    localStorage.setItem(key, choice);
  } catch {
    // It holds for this page then.
  }
}

export function resolvedTheme(choice: ThemeChoice): 'light' | 'dark' {
  if (choice !== 'system') return choice;
  return matchMedia(darkQuery).matches ? 'dark' : 'light';
}

/** Calls back when the operating system changes its mind. Returns the function that stops it. */
export function onSystemTheme(listener: () => void): () => void {
  const query = matchMedia(darkQuery);
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
}
