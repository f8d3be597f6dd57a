// Dark, light or the system's choice: kept between starts, applied to the document.
import { useEffect, useState } from 'react';

export type ThemeChoice = 'dark' | 'light' | 'system';

const STORED_AS = 'fanlight.theme';
export const THEMES: ThemeChoice[] = ['dark', 'light', 'system'];

export function storedTheme(): ThemeChoice {
  try {
    const stored = localStorage.getItem(STORED_AS) as ThemeChoice | null;
    return stored && THEMES.includes(stored) ? stored : 'dark';
  } catch {
    // Storage can be switched off; then the choice lasts as long as the page.
    return 'dark';
  }
}

function storeTheme(choice: ThemeChoice): void {
  try {
    localStorage.setItem(STORED_AS, choice);
  } catch {
    // See storedTheme.
  }
}

const prefersLight = () => window.matchMedia('(prefers-color-scheme: light)');

export function applyTheme(choice: ThemeChoice): 'dark' | 'light' {
  const light = choice === 'light' || (choice === 'system' && prefersLight().matches);
  const theme = light ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  return theme;
}

export function useTheme(): {
  choice: ThemeChoice;
  theme: 'dark' | 'light';
  next: () => void;
  choose: (choice: ThemeChoice) => void;
} {
  const [choice, setChoice] = useState(storedTheme);
  const [theme, setTheme] = useState<'dark' | 'light'>(() => applyTheme(choice));
  useEffect(() => {
    setTheme(applyTheme(choice));
    storeTheme(choice);
    if (choice !== 'system') return;
    const query = prefersLight();
    const follow = () => setTheme(applyTheme(choice));
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, [choice]);
  const next = () =>
    setChoice((now) => THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] as ThemeChoice);
  return { choice, theme, next, choose: setChoice };
}
