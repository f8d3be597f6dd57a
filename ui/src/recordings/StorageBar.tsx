// How much room the recordings take, and how much there is.
import { useTranslation } from 'react-i18next';
import { formatRoute } from '../app/routes';
import { bytes } from '../lib/bytes';
import type { RecordingList } from './wire';

export function StorageBar({ library }: { library: RecordingList }) {
  const { t, i18n } = useTranslation();
  const { total_bytes, quota_bytes, free_bytes } = library;
  const size = (count: number) => bytes(i18n.language, count);
  // Without a quota the disk is the limit.
  const room = quota_bytes ?? total_bytes + free_bytes;
  const share = room > 0 ? Math.min(1, total_bytes / room) : 0;
  const words = t(quota_bytes === null ? 'recordings.usedOfDisk' : 'recordings.usedOfQuota', {
    used: size(total_bytes),
    quota: size(room),
  });
  return (
    <section
      aria-label={t('recordings.storage')}
      className="mb-6 flex flex-wrap items-center gap-x-4 gap-y-2 text-sm"
      data-testid="recordings-storage"
    >
      {/* The words beside it say the same. */}
      <div aria-hidden className="h-2 w-48 overflow-hidden rounded-full bg-line">
        <div className="h-full rounded-full bg-accent" style={{ width: `${share * 100}%` }} />
      </div>
      <p>{words}</p>
      <p className="text-quiet">{t('recordings.free', { free: size(free_bytes) })}</p>
      <a
        href={formatRoute({ page: 'settings' })}
        className="rounded text-accent hover:text-accent-hover"
      >
        {t('recordings.settings')}
      </a>
    </section>
  );
}
