// The last minutes of a camera and of those who read it, asked for every other second.
import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useServices } from '../app/context';
import { type Consumer, type ConsumerHistory, type History, streamPath } from '../backend';
import { apiKey, useApi } from '../lib/useApi';
import { type Minutes, minutesOf } from './minutes';

const EVERY_MS = 2000;
/** More readers than this tell nothing new, but cost a question each. */
const MOST_READERS = 8;

export function useMinutes(streamId: string, consumers: Consumer[]): Minutes | undefined {
  const { backend } = useServices();
  const path = streamPath(streamId);
  const { data: history } = useApi<History>(`${path}/history`, { every: EVERY_MS });
  const readers = useQueries({
    queries: consumers.slice(0, MOST_READERS).map(({ id }) => ({
      queryKey: apiKey(`${path}/consumers/${id}`),
      queryFn: () => backend.request<ConsumerHistory>('GET', `${path}/consumers/${id}`),
      refetchInterval: EVERY_MS,
    })),
    combine: (results) => results.flatMap(({ data }) => data ?? []),
  });
  return useMemo(() => history && minutesOf(history, readers), [history, readers]);
}
