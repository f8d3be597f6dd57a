// Which language the window speaks: what a person chose, else the system's.

/** What each calls itself, for people who do not read the one on screen. */
export const LANGUAGE_NAMES = { en: 'English', de: 'Deutsch' };

export type Language = keyof typeof LANGUAGE_NAMES;

const STORED_AS = 'fanlight.language';

const isLanguage = (tag: string | null | undefined): tag is Language =>
  typeof tag === 'string' && tag in LANGUAGE_NAMES;

/** Null: the system's. */
export function storedLanguage(): Language | null {
  try {
    const stored = localStorage.getItem(STORED_AS);
    return isLanguage(stored) ? stored : null;
  } catch {
    // Storage can be switched off; then the choice lasts as long as the page.
    return null;
  }
}

export function storeLanguage(choice: Language | null): void {
  try {
    if (choice === null) localStorage.removeItem(STORED_AS);
    else localStorage.setItem(STORED_AS, choice);
  } catch {
    // See storedLanguage.
  }
}

/** The first of the system's languages that there is; `de-AT` is served by `de`. */
export function systemLanguage(): Language {
  return navigator.languages.map((tag) => tag.split('-', 1)[0]).find(isLanguage) ?? 'en';
}
