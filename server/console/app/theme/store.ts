// Dark or light, as this browser was told last; as the system says where it was told nothing. Edge.

const KEY = 'kickstand-theme';

export type Theme = 'auto' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];

/** What was chosen last. */
export function readTheme(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'auto';
  } catch {
    // A browser may be set to keep nothing; then nothing was chosen.
    return 'auto';
  }
}

/** Shows the theme, and keeps it where the browser lets it. */
export function applyTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    return;
  }
}
