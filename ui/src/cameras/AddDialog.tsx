// Adding a camera: a form, then its first picture or the exact reason there is none.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { Dialog } from '../components/ui/dialog';
import { sentence } from '../lib/sentence';
import { AddForm, type Tried } from './AddForm';
import { joinAddress } from './address';
import { type Draft, EMPTY_DRAFT, settingsOf } from './draft';
import { FirstPicture } from './FirstPicture';
import { useCameraActions } from './useCameras';

interface AddDialogProps {
  /** What is known of the camera already; null while the dialog is closed. */
  start: Partial<Draft> | null;
  onClose: () => void;
}

export function AddDialog({ start, onClose }: AddDialogProps) {
  // Closing forgets what was typed, password included.
  return start && <OpenAddDialog start={start} onClose={onClose} />;
}

function OpenAddDialog({ start, onClose }: { start: Partial<Draft>; onClose: () => void }) {
  const { t } = useTranslation();
  const { add, remove } = useCameraActions();
  const [draft, setDraft] = useState<Draft>({ ...EMPTY_DRAFT, ...start });
  const [added, setAdded] = useState<{ streamId: string; name: string } | null>(null);
  const [title, setTitle] = useState<string | null>(null);
  const [tried, setTried] = useState<Tried | null>(null);

  /** Takes the camera away again; the form keeps what was typed. */
  const takeBack = (then: () => void) => {
    const streamId = added?.streamId;
    setAdded(null);
    setTitle(null);
    then();
    // A camera that is gone already is as good as removed.
    if (streamId) remove(streamId).catch(() => {});
  };

  /** Adds the same camera again, with the certificate that the person accepted. */
  const accept = async (certificate: string) => {
    if (!added) return;
    await remove(added.streamId);
    await add({
      stream_id: added.streamId,
      name: added.name,
      rtsp_url: joinAddress(draft),
      tls_fingerprint: certificate,
      ...settingsOf(draft),
    });
  };

  return (
    <Dialog
      open
      onClose={onClose}
      title={title ?? t('add.title')}
      {...(!added && { description: t('add.description') })}
    >
      {added ? (
        <FirstPicture
          {...added}
          onTitle={setTitle}
          onDone={onClose}
          onEdit={(refused) => takeBack(() => setTried({ streamId: added.streamId, refused }))}
          onDiscard={() => takeBack(onClose)}
          onAccept={(certificate) => {
            accept(certificate).catch((cause) => toast.error(sentence(String(cause.message))));
          }}
        />
      ) : (
        <AddForm
          draft={draft}
          tried={tried}
          onDraft={setDraft}
          onAdded={setAdded}
          onCancel={onClose}
        />
      )}
    </Dialog>
  );
}
