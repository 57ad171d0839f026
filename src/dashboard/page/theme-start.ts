import { applyTheme, storedTheme } from './theme.ts';

// Before anything is drawn, so that nobody sees the other theme flash.
applyTheme(storedTheme());
