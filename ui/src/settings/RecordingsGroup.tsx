// Where recordings go and how much room they may take. Servers that record nothing have no such part.
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useServices } from '../app/context';
import { apiKey } from '../lib/useApi';
import {
  RECORDING_SETTINGS,
  type RecordingSettings,
  useRecordingSettings,
} from '../recordings/useRecordingSettings';
import { bytesOf, gigabytes, whole } from './numbers';
import { Group, TextSetting } from './rows';

export function RecordingsGroup() {
  const { t, i18n } = useTranslation();
  const { backend } = useServices();
  const client = useQueryClient();
  const settings = useRecordingSettings();
  if (!settings) return null;
  const change = async (patch: Partial<RecordingSettings>) => {
    const changed = await backend.request<RecordingSettings>('PATCH', RECORDING_SETTINGS, patch);
    client.setQueryData(apiKey(RECORDING_SETTINGS), changed);
  };
  const free = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 }).format(
    settings.free_bytes / 1e9,
  );
  return (
    <Group title={t('settings.recordings')}>
      <TextSetting
        wide
        label={t('settings.folder')}
        note={t('settings.folderNote', { free })}
        testId="settings-folder"
        value={settings.folder}
        check={(text) => (text === '' ? t('settings.needFolder') : null)}
        onSave={(folder) => change({ folder })}
      />
      <TextSetting
        label={t('settings.quota')}
        note={t('settings.quotaNote')}
        testId="settings-quota"
        inputMode="decimal"
        unit="GB"
        placeholder={t('settings.noQuota')}
        value={settings.quota_bytes === null ? '' : gigabytes(settings.quota_bytes)}
        check={(text) => (text === '' || bytesOf(text) !== null ? null : t('settings.needAmount'))}
        onSave={(text) => change({ quota_bytes: text === '' ? null : bytesOf(text) })}
      />
      <TextSetting
        label={t('settings.clip')}
        note={t('settings.clipNote')}
        testId="settings-clip"
        inputMode="numeric"
        unit={t('settings.seconds')}
        value={String(settings.clip_seconds)}
        check={(text) => (whole(text, 0, 300) === null ? t('settings.clipRange') : null)}
        onSave={(text) => change({ clip_seconds: Number(text) })}
      />
    </Group>
  );
}
