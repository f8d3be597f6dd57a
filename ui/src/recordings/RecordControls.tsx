// Recording one camera: always, now, or only what has just happened; and pictures of it.
import { Camera, Circle, History, Square } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { formatRoute } from '../app/routes';
import { type Stream, streamPath } from '../backend';
import { isOneOf } from '../cameras/probe';
import { Button } from '../components/ui/button';
import { Menu, MenuContent, MenuItem, MenuTrigger } from '../components/ui/menu';
import { Switch } from '../components/ui/switch';
import { bytes } from '../lib/bytes';
import { cn } from '../lib/cn';
import { sentence } from '../lib/sentence';
import { useApi } from '../lib/useApi';
import { momentWords, timeWords } from './days';
import { TROUBLES } from './Troubles';
import { useRecorderActions } from './useRecorderActions';
import type { Recorder } from './wire';

const POLL_MS = 2000;

export function RecordControls({ camera }: { camera: Stream }) {
  const { t } = useTranslation();
  const { record, recordAlways, saveClip, clipWords, savePicture } = useRecorderActions(camera);
  const {
    data: recorder,
    error,
    missing,
  } = useApi<Recorder>(`${streamPath(camera.stream_id)}/recording`, { every: POLL_MS });
  const wanted = recorder !== undefined && recorder.state !== 'off';
  return (
    <div className="space-y-4" data-testid="record-controls" data-state={recorder?.state}>
      {recorder && <RecorderState recorder={recorder} />}
      {error && (
        <p role="alert" className="text-sm text-quiet select-text">
          {missing ? t('record.unknown') : sentence(error.message)}
        </p>
      )}
      {recorder && (
        <Switch
          label={t('record.always')}
          note={t('record.alwaysNote')}
          testId="record-always"
          checked={recorder.schedule === 'always'}
          onChange={(on) => void recordAlways(on)}
        />
      )}
      <div className="flex flex-wrap items-center gap-2">
        {recorder && (
          <Button data-testid="record-now" onClick={() => void record(!wanted)}>
            {wanted ? (
              <Square aria-hidden className="fill-current" />
            ) : (
              <Circle aria-hidden className="fill-current text-error" />
            )}
            {wanted ? t('record.stop') : t('record.now')}
          </Button>
        )}
        {recorder && (
          <Button data-testid="record-clip" onClick={() => void saveClip()}>
            <History aria-hidden />
            {clipWords}
          </Button>
        )}
        <Menu modal={false}>
          <MenuTrigger asChild>
            <Button data-testid="record-picture">
              <Camera aria-hidden />
              {t('record.picture')}
            </Button>
          </MenuTrigger>
          <MenuContent align="start">
            {(['jpeg', 'png'] as const).map((format) => (
              <MenuItem
                key={format}
                data-testid={`record-picture-${format}`}
                onSelect={() => void savePicture(format)}
              >
                {t('record.pictureAs', { format: format.toUpperCase() })}
              </MenuItem>
            ))}
          </MenuContent>
        </Menu>
        <a
          href={formatRoute({ page: 'recordings', camera: camera.stream_id })}
          className="ml-auto rounded text-sm text-accent hover:text-accent-hover"
        >
          {t('record.library')}
        </a>
      </div>
    </div>
  );
}

function RecorderState({ recorder }: { recorder: Recorder }) {
  const { t, i18n } = useTranslation();
  const { state, since, error } = recorder;
  return (
    <div role="status" className="text-sm">
      <p
        className={cn('flex items-center gap-2 font-medium', state === 'failed' && 'text-error')}
        title={since ? momentWords(since, i18n.language) : undefined}
      >
        {state === 'recording' && (
          <Circle aria-hidden className="size-3 shrink-0 fill-current text-error" />
        )}
        {t(`record.state.${state}`, {
          since: since ? timeWords(since, i18n.language) : '–',
          size: bytes(i18n.language, recorder.bytes),
        })}
      </p>
      {error && (
        <p className="mt-1 text-quiet select-text">
          {isOneOf(TROUBLES, error.code)
            ? t(`recordings.trouble.${error.code}`)
            : sentence(error.message)}{' '}
          <a
            href={formatRoute({ page: 'settings' })}
            className="rounded text-accent hover:text-accent-hover"
          >
            {t('recordings.settings')}
          </a>
        </p>
      )}
    </div>
  );
}
