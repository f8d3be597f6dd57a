// The library, a page at a time and fresh while it is looked at; deleting and saving from it.
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useServices } from '../app/context';
import { sentence } from '../lib/sentence';
import { messageOf } from '../lib/useApi';
import { fileName } from './days';
import { type Recording, type RecordingList, recordingPath } from './wire';

export const RECORDINGS = 'recordings';
const PAGE = 60;
/** What is being written grows; else something new is rare. */
const GROWING_MS = 4000;
const QUIET_MS = 20_000;

/** @param camera only the recordings of this one */
export function useRecordings(camera: string | null) {
  const { backend } = useServices();
  const query = useInfiniteQuery({
    queryKey: [RECORDINGS, camera],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const words = new URLSearchParams({ limit: String(PAGE) });
      if (camera) words.set('stream_id', camera);
      if (pageParam) words.set('before', pageParam);
      return backend.request<RecordingList>('GET', `/api/recordings?${words}`);
    },
    getNextPageParam: (last) =>
      last.recordings.length < PAGE ? null : (last.recordings.at(-1)?.id ?? null),
    refetchInterval: ({ state }) => {
      const all = state.data?.pages.flatMap((page) => page.recordings) ?? [];
      return all.some((one) => one.in_progress) ? GROWING_MS : QUIET_MS;
    },
  });
  const seen = new Set<string>();
  const recordings = (query.data?.pages ?? [])
    .flatMap((page) => page.recordings)
    // Pages that were fetched at different moments may overlap.
    .filter(({ id }) => !seen.has(id) && seen.add(id));
  return { ...query, recordings, library: query.data?.pages[0] ?? null };
}

export function useRecordingActions() {
  const { backend } = useServices();
  const { t } = useTranslation();
  const client = useQueryClient();
  const words = (cause: unknown) => sentence(messageOf(cause));

  return {
    /** Deletes for good, and says how many are gone. */
    remove: async (recordings: Recording[]) => {
      let gone = 0;
      const refusals = new Set<string>();
      for (const { id } of recordings) {
        try {
          await backend.request('DELETE', recordingPath(id));
          gone++;
        } catch (cause) {
          refusals.add(words(cause));
        }
      }
      if (gone > 0) toast.success(t('recordings.deleted', { count: gone }));
      for (const reason of refusals) toast.error(t('recordings.notDeleted', { reason }));
      await client.invalidateQueries({ queryKey: [RECORDINGS] });
    },
    /** Saves one after the other; a person who cancels one wants none of the rest. */
    save: async (recordings: Recording[]) => {
      for (const { id, name, started_at } of recordings) {
        try {
          const saved = await backend.saveAs(
            `${recordingPath(id)}/video?download=1`,
            fileName(name, new Date(started_at), 'mp4'),
          );
          if (saved === null) return;
          toast.success(t('recordings.saved', { file: saved }));
        } catch (cause) {
          toast.error(t('recordings.notSaved', { reason: words(cause) }));
          return;
        }
      }
    },
    reveal: async (path: string) => {
      try {
        await backend.desktop?.reveal(path);
      } catch (cause) {
        toast.error(words(cause));
      }
    },
  };
}
