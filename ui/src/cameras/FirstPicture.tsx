// After adding: connecting, then the first live picture, or why there is none and a way out.
import { useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import type { Stream } from '../backend';
import { Button } from '../components/ui/button';
import { useNow } from '../lib/useNow';
import { TileStatus } from '../player/TileStatus';
import { useTilePicture } from '../player/useTilePicture';
import { aspectOf, health } from './health';
import { useCameras } from './useCameras';

/** Long enough to see that the picture is the right one. */
const ADMIRE_MS = 1500;

interface FirstPictureProps {
  streamId: string;
  name: string;
  onTitle: (title: string) => void;
  onDone: () => void;
  /** With the code of what was wrong, if anything was. */
  onEdit: (refused: string | null) => void;
  onDiscard: () => void;
  /** The person trusts the certificate that the camera showed. */
  onAccept: (certificate: string) => void;
}

export function FirstPicture(props: FirstPictureProps) {
  const { t } = useTranslation();
  const { cameras } = useCameras();
  const camera = cameras?.find(({ stream_id }) => stream_id === props.streamId);
  if (camera) return <Preview camera={camera} {...props} />;
  return <p className="mt-5 text-sm text-quiet">{t('add.submitting')}</p>;
}

function Preview(props: FirstPictureProps & { camera: Stream }) {
  const { camera, name, onTitle, onDone, onEdit, onDiscard, onAccept } = props;
  const { t } = useTranslation();
  const [width, setWidth] = useState(0);
  const holder = useRef<HTMLDivElement>(null);
  const { picture, hasPicture, seenSince } = useTilePicture(
    camera,
    holder,
    { width, zoom: 1 },
    `add-picture-${camera.stream_id}`,
  );
  const now = useNow(true);
  const condition = health(camera, picture.current?.shown ?? null, seenSince.current, now);
  const live = condition.healthy && hasPicture;
  const failed = !condition.healthy && condition.state !== 'connecting';
  const certificate = camera.status.error?.certificate ?? null;
  // Nothing is tried again without a person's help.
  const final = condition.nextTry === null && condition.state !== 'late';

  useLayoutEffect(() => setWidth(holder.current?.offsetWidth ?? 0), []);

  useEffect(() => {
    const key = live ? 'add.liveTitle' : failed ? 'add.failedTitle' : 'add.connectingTitle';
    onTitle(t(key, { name }));
  }, [live, failed, name, onTitle, t]);

  // An effect event, because each new list of cameras brings new callbacks, which must not
  // start the time over.
  const finish = useEffectEvent(() => {
    toast.success(t('add.live', { name }));
    onDone();
  });
  useEffect(() => {
    if (!live) return;
    const timer = setTimeout(finish, ADMIRE_MS);
    return () => clearTimeout(timer);
  }, [live]);

  // Online without a picture yet is still connecting to the eye.
  const shown =
    condition.healthy && !hasPicture ? { ...condition, state: 'connecting' as const } : condition;

  return (
    <div className="mt-5">
      <div
        className="relative [container-type:size] max-h-[50vh] w-full overflow-hidden rounded-lg bg-[#161e29]"
        style={{ aspectRatio: aspectOf(camera) ?? 16 / 9 }}
      >
        <div
          ref={holder}
          className={failed ? 'absolute inset-0 brightness-[0.4]' : 'absolute inset-0'}
        />
        <TileStatus camera={{ ...camera, name: '' }} health={shown} hasPicture={hasPicture} />
      </div>
      <div className="mt-5 flex justify-end gap-2">
        {!live && (
          <Button variant="quiet" onClick={onDiscard}>
            {t('add.discard')}
          </Button>
        )}
        {failed && certificate && (
          <Button data-testid="add-accept" onClick={() => onAccept(certificate)}>
            {t('add.accept')}
          </Button>
        )}
        {failed && !final && !certificate && <Button onClick={onDone}>{t('add.keep')}</Button>}
        {live ? (
          <Button variant="primary" onClick={onDone}>
            {t('add.done')}
          </Button>
        ) : (
          <Button
            variant={failed ? 'primary' : 'outline'}
            onClick={() => onEdit(failed ? (camera.status.error?.code ?? null) : null)}
          >
            {t('add.edit')}
          </Button>
        )}
      </div>
    </div>
  );
}
