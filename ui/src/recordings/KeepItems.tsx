// Entries of a camera's menu that keep something of it: recordings, the last seconds, a picture.
import { Camera, Circle, History, Square } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Stream } from '../backend';
import { MenuItem } from '../components/ui/menu';
import { useRecorderActions } from './useRecorderActions';

export function KeepItems({ camera }: { camera: Stream }) {
  const { t } = useTranslation();
  const { record, saveClip, clipWords, savePicture } = useRecorderActions(camera);
  const { recording } = camera;
  const wanted = recording !== 'off';
  return (
    <>
      {/* A server that does not record says nothing of it. */}
      {recording && (
        <>
          <MenuItem data-testid="tile-record" onSelect={() => void record(!wanted)}>
            {wanted ? <Square aria-hidden /> : <Circle aria-hidden />}
            {wanted ? t('record.stop') : t('record.now')}
          </MenuItem>
          <MenuItem data-testid="tile-clip" onSelect={() => void saveClip()}>
            <History aria-hidden />
            {clipWords}
          </MenuItem>
        </>
      )}
      <MenuItem data-testid="tile-picture" onSelect={() => void savePicture('jpeg')}>
        <Camera aria-hidden />
        {t('record.picture')}
      </MenuItem>
    </>
  );
}
