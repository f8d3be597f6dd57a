// Asks before recordings are deleted: nothing brings them back.
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../components/ui/dialog';
import { bytes } from '../lib/bytes';
import { timeWords } from './days';
import type { Recording } from './wire';

interface DeleteDialogProps {
  /** Asks while there are some. */
  recordings: Recording[];
  onClose: () => void;
  onConfirm: () => void;
}

export function DeleteDialog({ recordings, onClose, onConfirm }: DeleteDialogProps) {
  const { t, i18n } = useTranslation();
  const [first, ...more] = recordings;
  if (!first) return null;
  const size = bytes(
    i18n.language,
    recordings.reduce((sum, one) => sum + one.bytes, 0),
  );
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      onConfirm={onConfirm}
      title={t('recordings.deleteTitle', { count: recordings.length })}
      confirm={t('recordings.delete')}
      cancel={t('recordings.keep')}
      confirmTestId="recordings-delete-confirm"
    >
      {more.length === 0 && (
        <p>
          {first.name}, {timeWords(first.started_at, i18n.language)}
        </p>
      )}
      <p>{t('recordings.deleteNote', { size })}</p>
    </ConfirmDialog>
  );
}
