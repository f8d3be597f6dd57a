// The list of cameras: pushed by the desktop, polled each second from a server while the page
// is visible. Adding and removing refresh it at once.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo } from 'react';
import { useServices } from '../app/context';
import {
  type NewStream,
  type Stream,
  type StreamChange,
  type StreamList,
  streamPath,
} from '../backend';
import { arranged, useOrder } from '../player/order';

const KEY = ['streams'];
const POLL_MS = 1000;

export interface Cameras {
  /** In the order a person gave them, new ones last; undefined until the first answer. */
  cameras: Stream[] | undefined;
  /** The other side did not answer the last time. */
  unreachable: boolean;
}

export function useCameras(): Cameras {
  const { backend } = useServices();
  const { data, isError } = useQuery({
    queryKey: KEY,
    queryFn: () => backend.listStreams(),
    refetchInterval: backend.pushStreams ? false : POLL_MS,
  });
  const order = useOrder();
  const cameras = useMemo(
    () => data && arranged(asAdded(data.streams), (camera) => camera.stream_id, order),
    [data, order],
  );
  return { cameras, unreachable: isError };
}

/** Feeds pushed lists to `useCameras`; used once, at the root. */
export function usePushedCameras(): void {
  const { backend } = useServices();
  const client = useQueryClient();
  useEffect(
    () => backend.pushStreams?.((list) => client.setQueryData<StreamList>(KEY, list)),
    [backend, client],
  );
}

export interface CameraActions {
  add: (stream: NewStream) => Promise<void>;
  remove: (streamId: string) => Promise<void>;
  /** Resolves to the camera as it is then. */
  change: (streamId: string, change: StreamChange) => Promise<Stream>;
}

export function useCameraActions(): CameraActions {
  const { backend } = useServices();
  const client = useQueryClient();
  const refresh = useCallback(() => client.invalidateQueries({ queryKey: KEY }), [client]);
  return useMemo(
    () => ({
      add: async (stream) => {
        await backend.addStream(stream);
        await refresh();
      },
      remove: async (streamId) => {
        await backend.removeStream(streamId);
        await refresh();
      },
      change: async (streamId, change) => {
        const changed = await backend.request<Stream>('PATCH', streamPath(streamId), change);
        await refresh();
        return changed;
      },
    }),
    [backend, refresh],
  );
}

function asAdded(streams: Stream[]): Stream[] {
  return [...streams].sort(
    (a, b) =>
      Date.parse(a.created_at) - Date.parse(b.created_at) || a.stream_id.localeCompare(b.stream_id),
  );
}
