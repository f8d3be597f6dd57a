// Wall mode: pictures only, full screen where the system allows it.
import { useCallback, useEffect, useState } from 'react';

export function useWall(): { wall: boolean; toggle: () => void; leave: () => void } {
  const [wall, setWall] = useState(false);

  const enter = useCallback(() => {
    setWall(true);
    // Refused without a user gesture or by a kiosk: the chrome still goes away.
    document.documentElement.requestFullscreen?.().catch(() => {});
  }, []);
  const leave = useCallback(() => {
    setWall(false);
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
  }, []);

  // Escape in full screen is the browser's own and reaches us only like this.
  useEffect(() => {
    const onChange = () => {
      if (!document.fullscreenElement) setWall(false);
    };
    document.addEventListener('fullscreenchange', onChange);
    return () => document.removeEventListener('fullscreenchange', onChange);
  }, []);

  return { wall, toggle: wall ? leave : enter, leave };
}
