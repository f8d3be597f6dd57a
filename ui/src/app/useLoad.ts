// What Fanlight costs and whom it serves, and whether all cameras are paused. Servers without
// these say so once and are not asked again.
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { sentence } from '../lib/sentence';
import { apiKey, messageOf, useApi } from '../lib/useApi';
import { useServices } from './context';

const EVERY_MS = 5000;
const PAUSE_PATH = '/api/pause';

/** Answer of `GET /api/load`. */
export interface Load {
  /** Of the whole process tree, 1 is one core. */
  cpu_cores: number;
  cores: number;
  memory_bytes: number;
  processes: number;
  cameras: number;
  online: number;
  consumers: number;
  scripts: number;
  uptime_seconds: number;
}

export const useLoad = (): Load | undefined => useApi<Load>('/api/load', { every: EVERY_MS }).data;

interface PauseAnswer {
  paused: boolean;
  /** RFC 3339. */
  since: string | null;
}

export interface Pause extends PauseAnswer {
  /** An answer is under way. */
  changing: boolean;
  set: (paused: boolean) => Promise<void>;
}

/** Undefined where the server cannot pause. */
export function usePause(): Pause | undefined {
  const { backend } = useServices();
  const client = useQueryClient();
  const [changing, setChanging] = useState(false);
  const { data } = useApi<PauseAnswer>(PAUSE_PATH, { every: EVERY_MS });
  if (!data) return undefined;
  const set = async (paused: boolean) => {
    setChanging(true);
    try {
      const answer = await backend.request<PauseAnswer>('PUT', PAUSE_PATH, { paused });
      client.setQueryData(apiKey(PAUSE_PATH), answer);
      await client.invalidateQueries({ queryKey: ['streams'] });
    } catch (cause) {
      toast.error(sentence(messageOf(cause)));
    }
    setChanging(false);
  };
  return { ...data, changing, set };
}
