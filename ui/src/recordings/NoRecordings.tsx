// Nothing recorded yet: how recordings come about.
import { Film } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { formatRoute } from '../app/routes';

export function NoRecordings({ filtered }: { filtered: boolean }) {
  const { t } = useTranslation();
  return (
    <div data-testid="recordings-empty" className="grid place-items-center py-16 text-center">
      <div className="max-w-md">
        <Film aria-hidden className="mx-auto size-12 text-quiet" />
        <h2 className="mt-4 text-lg font-semibold">{t('recordings.empty.title')}</h2>
        <p className="mt-2 text-balance text-quiet">
          {filtered ? t('recordings.empty.filtered') : t('recordings.empty.sentence')}
        </p>
        <a
          href={formatRoute({ page: filtered ? 'recordings' : 'cameras' })}
          className="mt-4 inline-block rounded text-accent hover:text-accent-hover"
        >
          {filtered ? t('recordings.allCameras') : t('app.cameras')}
        </a>
      </div>
    </div>
  );
}
