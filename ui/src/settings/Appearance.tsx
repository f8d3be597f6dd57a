// How the window looks and which language it speaks; both at once.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../app/context';
import { useShell } from '../app/shell';
import { THEMES } from '../app/theme';
import { chooseLanguage } from '../i18n';
import { LANGUAGE_NAMES, type Language, storedLanguage, systemLanguage } from '../i18n/language';
import { ChoiceSetting, Group } from './rows';

export function Appearance() {
  const { t } = useTranslation();
  const { backend } = useServices();
  const { themeChoice, chooseTheme } = useShell();
  const [language, setLanguage] = useState<Language | 'system'>(storedLanguage() ?? 'system');
  const names = Object.entries(LANGUAGE_NAMES) as [Language, string][];
  const speak = async (choice: Language | 'system') => {
    setLanguage(choice);
    const spoken = await chooseLanguage(choice === 'system' ? null : choice);
    // The tray and notifications speak it, too.
    await backend.desktop?.change({ language: spoken });
  };
  return (
    <Group title={t('settings.appearance')}>
      <ChoiceSetting
        label={t('settings.theme')}
        testId="settings-theme"
        value={themeChoice}
        choices={THEMES.map((value) => ({ value, word: t(`settings.themes.${value}`) }))}
        onSave={async (choice) => chooseTheme(choice)}
      />
      <ChoiceSetting
        label={t('settings.language')}
        testId="settings-language"
        value={language}
        choices={[
          {
            value: 'system' as const,
            word: t('settings.systemLanguage', { name: LANGUAGE_NAMES[systemLanguage()] }),
          },
          ...names.map(([value, word]) => ({ value, word })),
        ]}
        onSave={speak}
      />
    </Group>
  );
}
