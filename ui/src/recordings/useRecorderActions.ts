// What can be kept of one camera: recordings, the last seconds, a picture. Each says how it went.
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useServices } from '../app/context';
import { navigate } from '../app/routes';
import { BackendError, type Stream, streamPath } from '../backend';
import { sentence } from '../lib/sentence';
import { lengthWords } from './days';
import { RECORDINGS } from './useRecordings';
import type { Recorder, Recording } from './wire';

export const RECORDER = 'recorder';
/** How much "the last seconds" is. */
export const CLIP_SECONDS = 30;

export function useRecorderActions(camera: Stream) {
  const { backend } = useServices();
  const { t } = useTranslation();
  const client = useQueryClient();
  const { stream_id, name } = camera;
  const path = streamPath(stream_id);

  const refresh = () =>
    Promise.all(
      [[RECORDER, stream_id], [RECORDINGS], ['streams']].map((queryKey) =>
        client.invalidateQueries({ queryKey }),
      ),
    );

  const failed = (cause: unknown) => {
    const { code, status } = cause instanceof BackendError ? cause : { code: '', status: 0 };
    if (code === 'nothing_buffered') return toast.error(t('record.nothingBuffered', { name }));
    if (code === 'not_found' || status === 404) return toast.error(t('record.unknown'));
    const reason = sentence(cause instanceof Error ? cause.message : String(cause));
    return toast.error(t('record.failedTo', { name, reason }));
  };

  /** Starts or ends a recording by hand. */
  const record = async (on: boolean) => {
    try {
      const recorder = await backend.request<Recorder>(on ? 'POST' : 'DELETE', `${path}/recording`);
      client.setQueryData([RECORDER, stream_id], recorder);
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
        seconds: CLIP_SECONDS,
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
      const file = await backend.saveAs(`${path}/frame?${size}`, pictureName(stream_id, format));
      if (file !== null) toast.success(t('record.pictureSaved', { file }));
    } catch (cause) {
      failed(cause);
    }
  };

  return { record, recordAlways, saveClip, savePicture };
}

/** Local time, so that files sort and say when; no colons, which Windows forbids. */
export function pictureName(streamId: string, format: 'png' | 'jpeg', now = new Date()): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join('-');
  return `${streamId} ${day} ${time}.${format === 'png' ? 'png' : 'jpg'}`;
}
