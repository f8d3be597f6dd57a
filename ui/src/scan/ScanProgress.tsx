// How far a scan is, where it looks, and how to end it or begin another.
import { Radar } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '../components/ui/button';
import { Progress } from '../components/ui/progress';
import { sentence } from '../lib/sentence';
import type { Scan } from './wire';

interface ScanProgressProps {
  scan: Scan;
  onCancel: () => void;
  onAgain: () => void;
}

export function ScanProgress({ scan, onCancel, onAgain }: ScanProgressProps) {
  const { t } = useTranslation();
  const { state, progress, networks, notes, found } = scan;
  const running = state === 'running';
  const label = t(`scan.state.${state}`);
  return (
    <section
      aria-label={t('scan.progress')}
      className="rounded-2xl border border-line bg-surface p-4"
      data-testid="scan-progress"
      data-state={state}
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
        <div className="min-w-48 flex-1">
          <p role="status" className="font-medium">
            {label} · {t('scan.found', { count: found.length })}
          </p>
          {networks.length > 0 && (
            <p className="text-sm text-quiet select-text">
              {t('scan.networks', { networks: networks.join(', ') })}
            </p>
          )}
        </div>
        {running ? (
          <Button data-testid="scan-cancel" onClick={onCancel}>
            {t('scan.cancel')}
          </Button>
        ) : (
          <Button data-testid="scan-again" onClick={onAgain}>
            <Radar aria-hidden />
            {t('scan.again')}
          </Button>
        )}
      </div>
      {running && (
        <Progress
          aria-label={label}
          className="mt-3"
          {...(progress.total > 0 && { max: progress.total, value: progress.done })}
        />
      )}
      {notes.map(({ code, message }) => (
        <p key={code} className="mt-3 text-sm text-quiet select-text">
          {sentence(message)}
        </p>
      ))}
    </section>
  );
}
