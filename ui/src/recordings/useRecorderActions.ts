// What can be kept of one camera: recordings, the last seconds, a picture. Each says how it went.
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useServices } from '../app/context';
import { navigate } from '../app/routes';
import { BackendError, type Stream, streamPath } from '../backend';
import { sentence } from '../lib/sentence';
import { apiKey, messageOf } from '../lib/useApi';
import { fileName, lengthWords } from './days';
import { useRecordingSettings } from './useRecordingSettings';
import { RECORDINGS } from './useRecordings';
import type { Recorder, Recording } from './wire';

/** How much is asked for of a server that keeps no more than what it has anyway. */
const SOME_SECONDS = 30;

export function useRecorderActions(camera: Stream) {
  const { backend } = useServices();
  const { t } = useTranslation();
  const client = useQueryClient();
  const { stream_id, name } = camera;
  const path = streamPath(stream_id);
  const clipSeconds = useRecordingSettings()?.clip_seconds ?? 0;

  const refresh = () =>
    Promise.all(
      [apiKey(`${path}/recording`), [RECORDINGS], ['streams']].map((queryKey) =>
        client.invalidateQueries({ queryKey }),
      ),
    );

  const failed = (cause: unknown) => {
    const { code, status } = cause instanceof BackendError ? cause : { code: '', status: 0 };
    if (code === 'nothing_buffered') return toast.error(t('record.nothingBuffered', { name }));
    if (code === 'not_found' || status === 404) return toast.error(t('record.unknown'));
    const reason = sentence(messageOf(cause));
    return toast.error(t('record.failedTo', { name, reason }));
  };

  /** Starts or ends a recording by hand. */
  const record = async (on: boolean) => {
    try {
      const recorder = await backend.request<Recorder>(on ? 'POST' : 'DELETE', `${path}/recording`);
      client.setQueryData(apiKey(`${path}/recording`), recorder);
      await refresh();
    } catch (cause) {
      failed(cause);
    }
  };

  const recordAlways = async (on: boolean) => {
    try {
      await backend.request('PATCH', path, { record: on ? 'always' : 'off' });
      await refresh();
    } catch (cause) {
      failed(cause);
    }
  };

  const saveClip = async () => {
    try {
      const clip = await backend.request<Recording>('POST', `${path}/clip`, {
        seconds: clipSeconds || SOME_SECONDS,
      });
      toast.success(t('record.clipSaved', { length: lengthWords(clip.duration_seconds) }), {
        description: name,
        action: {
          label: t('record.show'),
          onClick: () => navigate({ page: 'recordings', camera: stream_id, play: clip.id }),
        },
      });
      await refresh();
    } catch (cause) {
      failed(cause);
    }
  };

  /** A picture of now, at the camera's own size. */
  const savePicture = async (format: 'png' | 'jpeg') => {
    const size = new URLSearchParams({ format });
    if (camera.video) {
      size.set('width', String(camera.video.width));
      size.set('height', String(camera.video.height));
    }
    try {
      const file = await backend.saveAs(
        `${path}/frame?${size}`,
        fileName(name, new Date(), format === 'png' ? 'png' : 'jpg'),
      );
      if (file !== null) toast.success(t('record.pictureSaved', { file }));
    } catch (cause) {
      failed(cause);
    }
  };

  const clipWords = clipSeconds
    ? t('record.clip', { count: clipSeconds })
    : t('record.clipOfWhatIsThere');

  return { record, recordAlways, saveClip, clipWords, savePicture };
}
