// A scan without a find: what may be the reason, and what to try.
import { useTranslation } from 'react-i18next';
import { Button } from '../components/ui/button';

interface NothingFoundProps {
  /** Every address was tried already. */
  swept: boolean;
  onSweep: () => void;
  onByHand: () => void;
}

export function NothingFound({ swept, onSweep, onByHand }: NothingFoundProps) {
  const { t } = useTranslation();
  return (
    <section
      data-testid="scan-empty"
      className="max-w-2xl rounded-2xl border border-line bg-surface p-6"
    >
      <h2 className="text-lg font-semibold">{t('scan.empty.title')}</h2>
      <ul className="mt-3 list-disc space-y-1.5 pl-5 text-sm text-quiet marker:text-line-strong">
        <li>{t('scan.empty.network')}</li>
        <li>{t('scan.empty.onvif')}</li>
        <li>{t('scan.empty.power')}</li>
        {!swept && <li>{t('scan.empty.sweep')}</li>}
      </ul>
      <div className="mt-5 flex flex-wrap gap-2">
        {!swept && (
          <Button variant="primary" data-testid="scan-sweep-now" onClick={onSweep}>
            {t('scan.empty.sweepNow')}
          </Button>
        )}
        <Button onClick={onByHand}>{t('scan.byHand')}</Button>
      </div>
    </section>
  );
}
