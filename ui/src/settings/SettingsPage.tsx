// All settings: the window's own everywhere, the server's where it lets them be changed, and the
// desktop app's in its window.
import { useTranslation } from 'react-i18next';
import { useServices } from '../app/context';
import { Page } from '../app/Page';
import { sentence } from '../lib/sentence';
import { AboutGroup, SessionGroup } from './AboutGroup';
import { Appearance } from './Appearance';
import { NotificationsGroup, ProgramGroup, ServerGroup, StartGroup } from './DesktopGroups';
import { RecordingsGroup } from './RecordingsGroup';
import { useDesktopSettings } from './useDesktopSettings';

export default function SettingsPage() {
  const { t } = useTranslation();
  const { backend } = useServices();
  const { settings, error, change } = useDesktopSettings();
  return (
    <Page title={t('settings.title')}>
      <div className="space-y-7">
        <Appearance />
        {error && (
          <p role="alert" className="text-sm text-error select-text">
            {sentence(error.message)}
          </p>
        )}
        {settings && (
          <>
            <StartGroup settings={settings} change={change} />
            <NotificationsGroup settings={settings} change={change} />
            <ServerGroup settings={settings} change={change} />
          </>
        )}
        <RecordingsGroup />
        {settings && <ProgramGroup settings={settings} change={change} />}
        <SessionGroup />
        <AboutGroup />
        {!backend.capabilities.desktop && (
          <p className="text-sm text-quiet">{t('settings.browserNote')}</p>
        )}
      </div>
    </Page>
  );
}
