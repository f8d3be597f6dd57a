// All texts of the window, by key, in the language of the system. English is complete; what
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
import enWatch from './en/watch.json';
import en from './en.json';

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
  lng: navigator.languages.find((tag) => (tag.split('-', 1)[0] ?? '') in LANGUAGES) ?? 'en',
  // `de-AT` is served by `de`.
  load: 'languageOnly',
  fallbackLng: 'en',
  resources: LANGUAGES,
  // React escapes already.
  interpolation: { escapeValue: false },
});

document.documentElement.lang = i18n.resolvedLanguage ?? 'en';
