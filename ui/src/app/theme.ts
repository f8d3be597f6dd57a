// Dark, light or the system's choice: kept between starts, applied to the document.
import { useEffect, useState } from 'react';
import { keep, kept } from '../lib/kept';

export type ThemeChoice = 'dark' | 'light' | 'system';

const KEPT_AS = 'theme';
export const THEMES: ThemeChoice[] = ['dark', 'light', 'system'];

export function storedTheme(): ThemeChoice {
  const stored = kept(KEPT_AS);
  return THEMES.find((theme) => theme === stored) ?? 'dark';
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
    keep(KEPT_AS, choice);
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
