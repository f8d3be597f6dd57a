import { expect, test } from 'vitest';
import { LANGUAGES } from '../src/i18n';

type Texts = { [key: string]: string | Texts };

function flatten(texts: Texts, path = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value]] : flatten(value, `${path}${key}.`),
  );
}

const placeholders = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).sort();
const english = new Map(flatten(LANGUAGES.en.translation));

test.each(Object.keys(LANGUAGES) as (keyof typeof LANGUAGES)[])(
  '%s has every text, with the same values in it',
  (language) => {
    const texts = new Map(flatten(LANGUAGES[language].translation));
    expect([...texts.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [key, text] of texts) {
      expect([key, placeholders(text)]).toEqual([key, placeholders(english.get(key) ?? '')]);
    }
  },
);
