// `#/recordings`: what the cameras recorded, to play, save and delete.
import { FolderOpen } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../app/context';
import { Page } from '../app/Page';
import { navigate, type RouteOf } from '../app/routes';
import { useCameras } from '../cameras/useCameras';
import { Button } from '../components/ui/button';
import { Select } from '../components/ui/select';
import { DaySection } from './DaySection';
import { DeleteDialog } from './DeleteDialog';
import { byDay } from './days';
import { NoRecordings } from './NoRecordings';
import { PlayerDialog } from './PlayerDialog';
import { SelectionBar } from './SelectionBar';
import { StorageBar } from './StorageBar';
import { LibraryTrouble, Unavailable } from './Troubles';
import { useRecordingActions, useRecordings } from './useRecordings';
import type { Recording } from './wire';

export default function RecordingsPage({ route }: { route: RouteOf<'recordings'> }) {
  const { t } = useTranslation();
  const { backend } = useServices();
  const camera = route.camera ?? null;
  const { recordings, library, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useRecordings(camera);
  const { remove, save, reveal } = useRecordingActions();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [deleting, setDeleting] = useState<Recording[]>([]);
  const show = (play?: string) =>
    navigate(
      { page: 'recordings', ...(camera && { camera }), ...(play && { play }) },
      { replace: true },
    );

  const choose = (ids: string[], wanted: boolean) => {
    const next = new Set(chosen);
    for (const id of ids) {
      if (wanted) next.add(id);
      else next.delete(id);
    }
    setChosen(next);
  };
  const chosenOnes = recordings.filter(({ id }) => chosen.has(id));

  return (
    <Page
      title={t('rail.recordings')}
      wide
      actions={
        library && (
          <>
            <CameraFilter camera={camera} />
            {backend.desktop && (
              <Button onClick={() => void reveal(library.folder)}>
                <FolderOpen aria-hidden />
                {t('recordings.openFolder')}
              </Button>
            )}
          </>
        )
      }
    >
      {library?.error && <LibraryTrouble trouble={library.error} />}
      {error && <Unavailable cause={error} />}
      {isPending && <p className="text-sm text-quiet">{t('recordings.loading')}</p>}
      {library && (
        <>
          <StorageBar library={library} />
          {recordings.length === 0 && <NoRecordings filtered={camera !== null} />}
          <div className="space-y-7">
            {byDay(recordings).map((day) => (
              <DaySection
                key={day.start}
                day={day}
                chosen={chosen}
                onChoose={choose}
                onPlay={show}
                onSave={(one) => void save([one])}
                onReveal={backend.desktop && ((one) => void reveal(one.file))}
                onDelete={(one) => setDeleting([one])}
              />
            ))}
          </div>
          {hasNextPage && (
            <div className="mt-6 text-center">
              <Button
                data-testid="recordings-more"
                disabled={isFetchingNextPage}
                onClick={() => void fetchNextPage()}
              >
                {isFetchingNextPage ? t('recordings.loading') : t('recordings.more')}
              </Button>
            </div>
          )}
          {chosenOnes.length > 0 && (
            <SelectionBar
              recordings={chosenOnes}
              onClear={() => setChosen(new Set())}
              onSave={() => void save(chosenOnes)}
              onDelete={() => setDeleting(chosenOnes)}
            />
          )}
          {route.play && (
            <PlayerDialog
              id={route.play}
              recordings={recordings}
              onPlay={show}
              onClose={() => show()}
              onSave={(one) => void save([one])}
              onDelete={(one) => setDeleting([one])}
            />
          )}
        </>
      )}
      <DeleteDialog
        recordings={deleting}
        onClose={() => setDeleting([])}
        onConfirm={() => {
          choose(
            deleting.map(({ id }) => id),
            false,
          );
          if (deleting.some(({ id }) => id === route.play)) show();
          void remove(deleting);
        }}
      />
    </Page>
  );
}

function CameraFilter({ camera }: { camera: string | null }) {
  const { t } = useTranslation();
  const { cameras } = useCameras();
  const known = (cameras ?? []).map(({ stream_id, name }) => ({ stream_id, name }));
  // Recordings outlive their cameras.
  if (camera && !known.some(({ stream_id }) => stream_id === camera)) {
    known.push({ stream_id: camera, name: camera });
  }
  return (
    <Select
      label={<span className="sr-only">{t('recordings.filter')}</span>}
      className="w-52 [&_label]:mb-0 [&_select]:h-9 [&_select]:text-sm"
      data-testid="recordings-camera"
      value={camera ?? ''}
      onChange={({ target }) =>
        navigate(
          { page: 'recordings', ...(target.value && { camera: target.value }) },
          { replace: true },
        )
      }
    >
      <option value="">{t('recordings.allCameras')}</option>
      {known.map(({ stream_id, name }) => (
        <option key={stream_id} value={stream_id}>
          {name}
        </option>
      ))}
    </Select>
  );
}
