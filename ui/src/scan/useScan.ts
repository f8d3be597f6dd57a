// The scan on screen: asked for again while it finds things, and what can be done with it.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useServices } from '../app/context';
import { BackendError } from '../backend';
import type { Added, NewCamera, Scan, SignIn } from './wire';

const KEY = 'scan';
const SHOWN = ['scan shown'];
const POLL_MS = 700;

/** What the server refused, with its stable code. */
export interface Refusal {
  code: string;
  status: number;
  message: string;
}

export function refusalOf(cause: unknown): Refusal {
  const message = cause instanceof Error ? cause.message : String(cause);
  return cause instanceof BackendError
    ? { code: cause.code, status: cause.status, message }
    : { code: 'unknown', status: 0, message };
}

/** The server keeps the last few scans only. */
function forgotten(cause: unknown): null {
  if (cause instanceof BackendError && cause.status === 404) return null;
  throw cause;
}

/** Whether more may be found without anybody doing anything. */
const busy = (scan: Scan | null | undefined) =>
  scan?.state === 'running' || scan?.found.some(({ state }) => state === 'asking');

export function useScan() {
  const { backend } = useServices();
  const client = useQueryClient();
  /** Null shows whichever scan runs; coming back to the page shows the one that was shown. */
  const [id, setId] = useState(() => client.getQueryData<string>(SHOWN) ?? null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const { data, isPending, error } = useQuery({
    queryKey: [KEY, id],
    queryFn: async () => {
      if (id !== null) return backend.request<Scan>('GET', `/api/scans/${id}`).catch(forgotten);
      const { scans } = await backend.request<{ scans: Scan[] }>('GET', '/api/scans');
      // One that ended before this page was opened may show what is long gone.
      return scans.find(({ state }) => state === 'running') ?? null;
    },
    refetchInterval: ({ state }) => (busy(state.data) ? POLL_MS : false),
  });
  const scan = data ?? null;

  const show = (next: Scan) => {
    client.setQueryData([KEY, next.id], next);
    client.setQueryData(SHOWN, next.id);
    setId(next.id);
  };
  // A scan found running stays on screen when it ends.
  const running = id === null ? scan : null;
  useEffect(() => {
    if (!running) return;
    client.setQueryData([KEY, running.id], running);
    client.setQueryData(SHOWN, running.id);
    setId(running.id);
  }, [running, client]);

  const start = async (sweep: boolean) => {
    setRefusal(null);
    try {
      show(await backend.request<Scan>('POST', '/api/scans', { sweep }));
    } catch (cause) {
      const told = refusalOf(cause);
      // Another window began one: that is the one to show.
      if (told.code === 'scan_running') {
        setId(null);
        await client.invalidateQueries({ queryKey: [KEY] });
      } else setRefusal(told);
    }
  };

  /** Does something with the scan on screen and shows what became of it. */
  const change = async (method: string, path: string, body?: unknown) => {
    if (scan) show(await backend.request<Scan>(method, `/api/scans/${scan.id}${path}`, body));
  };

  return {
    scan,
    loading: isPending,
    refusal: refusal ?? (error ? refusalOf(error) : null),
    start,
    cancel: () => change('DELETE', ''),
    signIn: (addresses: string[], given: SignIn) =>
      change('POST', '/sign-in', { addresses, ...given }),
    add: async (cameras: NewCamera[]): Promise<Added> => {
      if (!scan) return { added: [], refused: [] };
      const answer = await backend.request<Added>('POST', `/api/scans/${scan.id}/add`, { cameras });
      await Promise.all([
        client.invalidateQueries({ queryKey: [KEY] }),
        client.invalidateQueries({ queryKey: ['streams'] }),
      ]);
      return answer;
    },
  };
}
