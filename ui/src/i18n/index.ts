// All texts of the window, by key, in the language chosen. English is complete; what
// another language lacks falls back to it.
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import deCamera from './de/camera.json';
import deEvents from './de/events.json';
import deFrame from './de/frame.json';
import deHealth from './de/health.json';
import deOneCamera from './de/one-camera.json';
import deRecordings from './de/recordings.json';
import deScan from './de/scan.json';
import deScripts from './de/scripts.json';
import deSettings from './de/settings.json';
import deSignIn from './de/sign-in.json';
import deWatch from './de/watch.json';
import de from './de.json';
import enCamera from './en/camera.json';
import enEvents from './en/events.json';
import enFrame from './en/frame.json';
import enHealth from './en/health.json';
import enOneCamera from './en/one-camera.json';
import enRecordings from './en/recordings.json';
import enScan from './en/scan.json';
import enScripts from './en/scripts.json';
import enSettings from './en/settings.json';
import enSignIn from './en/sign-in.json';
import enWatch from './en/watch.json';
import en from './en.json';
import { type Language, storedLanguage, storeLanguage, systemLanguage } from './language';

/** Each screen may bring a file of its own; their first keys differ. */
const english = {
  ...en,
  ...enCamera,
  ...enEvents,
  ...enFrame,
  ...enHealth,
  ...enOneCamera,
  ...enRecordings,
  ...enScan,
  ...enScripts,
  ...enSettings,
  ...enSignIn,
  ...enWatch,
};
const german = {
  ...de,
  ...deCamera,
  ...deEvents,
  ...deFrame,
  ...deHealth,
  ...deOneCamera,
  ...deRecordings,
  ...deScan,
  ...deScripts,
  ...deSettings,
  ...deSignIn,
  ...deWatch,
};

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof english };
  }
}

export const LANGUAGES = { en: { translation: english }, de: { translation: german } };

export const i18n = i18next.createInstance();

void i18n.use(initReactI18next).init({
  lng: storedLanguage() ?? systemLanguage(),
  fallbackLng: 'en',
  resources: LANGUAGES,
  // React escapes already.
  interpolation: { escapeValue: false },
});

const tellPage = () => {
  document.documentElement.lang = i18n.resolvedLanguage ?? 'en';
};
i18n.on('languageChanged', tellPage);
tellPage();

/** Speaks it at once and from now on; null: the system's. Answers which one that is. */
export async function chooseLanguage(choice: Language | null): Promise<Language> {
  storeLanguage(choice);
  const language = choice ?? systemLanguage();
  await i18n.changeLanguage(language);
  return language;
}
