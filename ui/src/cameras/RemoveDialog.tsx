// Asks before a camera is removed, and says who would lose it.
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useServices } from '../app/context';
import type { Stream } from '../backend';
import { ConfirmDialog } from '../components/ui/dialog';
import { useCameraActions } from './useCameras';

interface RemoveDialogProps {
  /** The camera asked about, null while nothing is. */
  camera: Stream | null;
  /** Once it is gone. */
  onRemoved?: (() => void) | undefined;
  onClose: () => void;
}

export function RemoveDialog({ camera, onRemoved, onClose }: RemoveDialogProps) {
  const { t } = useTranslation();
  const { hub } = useServices();
  const { remove } = useCameraActions();
  if (!camera) return null;
  const { stream_id, name } = camera;
  const others = hub.othersReading(camera);

  const confirm = async () => {
    try {
      await remove(stream_id);
      toast.success(t('remove.done', { name }));
      onRemoved?.();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      toast.error(t('tile.actionFailed', { name, reason }));
    }
  };

  return (
    <ConfirmDialog
      open
      onClose={onClose}
      onConfirm={() => void confirm()}
      title={t('remove.title', { name })}
      confirm={t('remove.confirm')}
      cancel={t('remove.cancel')}
      confirmTestId="remove-confirm"
    >
      <p>{others > 0 ? t('remove.used', { count: others }) : t('remove.unused')}</p>
      <p>{t('remove.address')}</p>
    </ConfirmDialog>
  );
}
