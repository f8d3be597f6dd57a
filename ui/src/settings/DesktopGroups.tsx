// What only the desktop app can change: how it starts, whom it serves, when it notifies, and where
// its files are.
import { FolderOpen } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useServices } from '../app/context';
import { useShell } from '../app/shell';
import type { DesktopNotifications, DesktopSettings } from '../backend';
import { Button } from '../components/ui/button';
import { sentence } from '../lib/sentence';
import { messageOf } from '../lib/useApi';
import { originsOf, whole } from './numbers';
import { Group, Row, TextSetting, ToggleSetting } from './rows';
import type { ChangeDesktop } from './useDesktopSettings';

interface GroupProps {
  settings: DesktopSettings;
  change: ChangeDesktop;
}

export function StartGroup({ settings, change }: GroupProps) {
  const { t } = useTranslation();
  return (
    <Group title={t('settings.start')}>
      <ToggleSetting
        label={t('settings.startAtLogin')}
        testId="settings-start-at-login"
        value={settings.start_at_login}
        onSave={(start_at_login) => change({ start_at_login })}
      />
      <ToggleSetting
        label={t('settings.startHidden')}
        note={settings.tray ? t('settings.startHiddenNote') : t('settings.noTray')}
        value={settings.start_hidden}
        onSave={(start_hidden) => change({ start_hidden })}
      />
      <ToggleSetting
        label={t('settings.closeToTray')}
        note={t('settings.closeToTrayNote')}
        value={settings.close_to_tray}
        onSave={(close_to_tray) => change({ close_to_tray })}
      />
    </Group>
  );
}

export function ServerGroup({ settings, change }: GroupProps) {
  const { t } = useTranslation();
  return (
    <Group title={t('settings.server')}>
      <TextSetting
        label={t('settings.port')}
        note={t('settings.portNote', { port: settings.port_in_use })}
        testId="settings-port"
        inputMode="numeric"
        placeholder="8080"
        value={settings.port === null ? '' : String(settings.port)}
        check={(text) =>
          text === '' || whole(text, 1, 65535) !== null ? null : t('settings.portRange')
        }
        onSave={(text) => change({ port: text === '' ? null : Number(text) })}
      />
      <ToggleSetting
        label={t('settings.token')}
        note={t('settings.tokenNote')}
        value={settings.token_required}
        onSave={(token_required) => change({ token_required })}
      />
      <TextSetting
        lines
        label={t('settings.origins')}
        note={t('settings.originsNote')}
        testId="settings-origins"
        placeholder="https://app.example"
        value={settings.allowed_origins.join('\n')}
        onSave={(text) => change({ allowed_origins: originsOf(text) })}
      />
    </Group>
  );
}

/** Longer than a day is as good as never. */
const MOST_SECONDS = 86_400;
const USUAL_QUIET = { quiet_from: '22:00', quiet_to: '07:00' };

export function NotificationsGroup({ settings, change }: GroupProps) {
  const { t } = useTranslation();
  const { notifications } = settings;
  const set = (part: Partial<DesktopNotifications>) =>
    change({ notifications: { ...notifications, ...part } });
  const { quiet_from: from, quiet_to: to } = notifications;
  const seconds = (text: string) =>
    whole(text, 0, MOST_SECONDS) === null ? t('settings.secondsRange') : null;
  return (
    <Group title={t('settings.notifications')}>
      <ToggleSetting
        label={t('settings.notify')}
        testId="settings-notify"
        value={notifications.enabled}
        onSave={(enabled) => set({ enabled })}
      />
      {notifications.enabled && (
        <>
          <TextSetting
            label={t('settings.downLonger')}
            inputMode="numeric"
            unit={t('settings.seconds')}
            value={String(notifications.down_longer_than_seconds)}
            check={seconds}
            onSave={(text) => set({ down_longer_than_seconds: Number(text) })}
          />
          <TextSetting
            label={t('settings.cooldown')}
            inputMode="numeric"
            unit={t('settings.seconds')}
            value={String(notifications.cooldown_seconds)}
            check={seconds}
            onSave={(text) => set({ cooldown_seconds: Number(text) })}
          />
          <ToggleSetting
            label={t('settings.quiet')}
            testId="settings-quiet"
            value={from !== null && to !== null}
            onSave={(quiet) => set(quiet ? USUAL_QUIET : { quiet_from: null, quiet_to: null })}
          />
          {from !== null && to !== null && (
            <>
              <TextSetting
                type="time"
                label={t('settings.quietFrom')}
                value={from}
                check={(text) => (text === '' ? t('settings.needTime') : null)}
                onSave={(quiet_from) => set({ quiet_from })}
              />
              <TextSetting
                type="time"
                label={t('settings.quietTo')}
                value={to}
                check={(text) => (text === '' ? t('settings.needTime') : null)}
                onSave={(quiet_to) => set({ quiet_to })}
              />
            </>
          )}
        </>
      )}
    </Group>
  );
}

export function ProgramGroup({ settings, change }: GroupProps) {
  const { t } = useTranslation();
  const { info } = useShell();
  const used = info?.ffmpeg;
  return (
    <Group title={t('settings.program')}>
      <TextSetting
        wide
        label={t('settings.ffmpegPath')}
        note={
          used
            ? t('settings.ffmpegInUse', { path: used.path, version: used.version })
            : t('settings.ffmpegNone')
        }
        testId="settings-ffmpeg"
        placeholder={t('settings.ffmpegFound')}
        value={settings.ffmpeg_path ?? ''}
        onSave={(text) => change({ ffmpeg_path: text === '' ? null : text })}
      />
      <Row label={t('settings.secrets')} note={t(`settings.secretsIn.${settings.secrets}`)}>
        {null}
      </Row>
      <Folder label={t('settings.logs')} path={settings.log_folder} />
      <Folder label={t('settings.data')} path={settings.data_folder} />
    </Group>
  );
}

function Folder({ label, path }: { label: string; path: string }) {
  const { t } = useTranslation();
  const { backend } = useServices();
  const show = () => {
    backend.desktop?.reveal(path).catch((cause) => toast.error(sentence(messageOf(cause))));
  };
  return (
    <Row label={label} note={<span className="break-all select-text">{path}</span>}>
      <Button className="h-8 px-3" aria-label={t('settings.showFolder', { label })} onClick={show}>
        <FolderOpen aria-hidden />
        {t('settings.show')}
      </Button>
    </Row>
  );
}
