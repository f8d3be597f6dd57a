// Before a scan: what it will do, and whether it may try every address.
import { Radar } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../components/ui/button';
import { Checkbox } from '../components/ui/checkbox';

interface StartScanProps {
  /** The server does not scan. */
  off: boolean;
  onStart: (sweep: boolean) => Promise<void>;
}

export function StartScan({ off, onStart }: StartScanProps) {
  const { t } = useTranslation();
  const [sweep, setSweep] = useState(false);
  const [starting, setStarting] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setStarting(true);
    await onStart(sweep);
    setStarting(false);
  };

  return (
    <form
      onSubmit={submit}
      className="max-w-2xl space-y-5 rounded-2xl border border-line bg-surface p-6"
    >
      <ul className="list-disc space-y-1.5 pl-5 text-sm text-quiet marker:text-line-strong">
        <li>{t('scan.does.asks')}</li>
        <li>{t('scan.does.changes')}</li>
        <li>{t('scan.does.stays')}</li>
      </ul>
      <Checkbox
        label={t('scan.sweep')}
        note={t('scan.sweepNote')}
        checked={sweep}
        disabled={off}
        data-testid="scan-sweep"
        onChange={(event) => setSweep(event.target.checked)}
      />
      <Button
        type="submit"
        variant="primary"
        size="large"
        data-testid="scan-start"
        disabled={off || starting}
      >
        <Radar aria-hidden />
        {starting ? t('scan.starting') : t('scan.start')}
      </Button>
    </form>
  );
}
