// The desktop's settings, and changing some of them.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useServices } from '../app/context';
import type { DesktopSettings, DesktopSettingsPatch } from '../backend';

const KEY = ['desktop-settings'];

export type ChangeDesktop = (patch: DesktopSettingsPatch) => Promise<unknown>;

/** Undefined until the first answer, and in a browser. */
export function useDesktopSettings() {
  const { backend } = useServices();
  const client = useQueryClient();
  const { desktop } = backend;
  const { data, error } = useQuery({
    queryKey: KEY,
    queryFn: () => desktop?.settings() ?? null,
    enabled: desktop !== null,
  });
  const change: ChangeDesktop = async (patch) => {
    if (!desktop) return;
    const settings = await desktop.change(patch);
    client.setQueryData<DesktopSettings>(KEY, settings);
    // The port and FFmpeg in use are told there.
    await client.invalidateQueries({ queryKey: ['info'] });
  };
  return { settings: data ?? undefined, error, change };
}
