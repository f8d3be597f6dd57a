// Asks the API for something and keeps it fresh while the page is seen. A 404 ends the asking:
// older servers lack what newer pages show, and the part of the page that needs it stays away.
import { useQuery } from '@tanstack/react-query';
import { useServices } from '../app/context';
import { BackendError } from '../backend';

interface Asked<T> {
  data: T | undefined;
  /** The last refusal; the last good answer stays in `data`. */
  error: Error | null;
  /** The server has no such thing. */
  missing: boolean;
  refetch: () => void;
}

interface Options {
  /** Milliseconds between questions; once when absent. */
  every?: number;
  enabled?: boolean;
}

export const apiKey = (path: string) => ['api', path];

export const isMissing = (error: unknown): boolean =>
  error instanceof BackendError && error.status === 404;

export function useApi<T>(path: string, { every, enabled = true }: Options = {}): Asked<T> {
  const { backend } = useServices();
  const { data, error, refetch } = useQuery({
    queryKey: apiKey(path),
    queryFn: () => backend.request<T>('GET', path),
    enabled,
    refetchInterval: ({ state }) => (isMissing(state.error) ? false : (every ?? false)),
    refetchOnWindowFocus: ({ state }) => !isMissing(state.error),
  });
  return { data, error, missing: isMissing(error), refetch: () => void refetch() };
}

/** What to say about a failure of whatever kind. */
export const messageOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause);
