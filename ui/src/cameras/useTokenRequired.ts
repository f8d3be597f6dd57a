// Whether scripts need a token to reach the API.
import { useQuery } from '@tanstack/react-query';
import { useServices } from '../app/context';

export function useTokenRequired(): boolean {
  const { backend } = useServices();
  const { data } = useQuery({
    queryKey: ['token required'],
    queryFn: async () => {
      // The window itself needs none, so its session says nothing about scripts.
      if (backend.desktop) return (await backend.desktop.settings()).token_required;
      const session = await backend.request<{ required: boolean }>('GET', '/api/session');
      return session.required;
    },
  });
  return data ?? false;
}
