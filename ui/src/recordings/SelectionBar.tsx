// What can be done with all chosen recordings at once.
import { Download, Trash2, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '../components/ui/button';
import { bytes } from '../lib/bytes';
import type { Recording } from './wire';

interface SelectionBarProps {
  recordings: Recording[];
  onClear: () => void;
  onSave: () => void;
  onDelete: () => void;
}

export function SelectionBar({ recordings, onClear, onSave, onDelete }: SelectionBarProps) {
  const { t, i18n } = useTranslation();
  const size = recordings.reduce((sum, one) => sum + one.bytes, 0);
  return (
    <section
      aria-label={t('recordings.selection')}
      data-testid="recordings-selection"
      className="sticky bottom-4 z-10 mx-auto mt-6 flex w-fit max-w-full flex-wrap items-center gap-2 rounded-2xl border border-line bg-surface p-2 pl-4 shadow-float"
    >
      <p role="status" className="mr-2 text-sm">
        {t('recordings.selected', { count: recordings.length })} · {bytes(i18n.language, size)}
      </p>
      <Button onClick={onSave}>
        <Download aria-hidden />
        {t('recordings.save')}
      </Button>
      <Button variant="danger" data-testid="recordings-delete" onClick={onDelete}>
        <Trash2 aria-hidden />
        {t('recordings.delete')}
      </Button>
      <Button
        variant="quiet"
        size="icon"
        className="text-quiet"
        aria-label={t('recordings.clear')}
        onClick={onClear}
      >
        <X aria-hidden />
      </Button>
    </section>
  );
}
