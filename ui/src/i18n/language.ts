// Which language the window speaks: what a person chose, else the system's.
import { keep, kept } from '../lib/kept';

/** What each calls itself, for people who do not read the one on screen. */
export const LANGUAGE_NAMES = { en: 'English', de: 'Deutsch' };

export type Language = keyof typeof LANGUAGE_NAMES;

const KEPT_AS = 'language';

const isLanguage = (tag: string | null | undefined): tag is Language =>
  typeof tag === 'string' && tag in LANGUAGE_NAMES;

/** Null: the system's. */
export function storedLanguage(): Language | null {
  const stored = kept(KEPT_AS);
  return isLanguage(stored) ? stored : null;
}

export function storeLanguage(choice: Language | null): void {
  keep(KEPT_AS, choice);
}

/** The first of the system's languages that there is; `de-AT` is served by `de`. */
export function systemLanguage(): Language {
  return navigator.languages.map((tag) => tag.split('-', 1)[0]).find(isLanguage) ?? 'en';
}
