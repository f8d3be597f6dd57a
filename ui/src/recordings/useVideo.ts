// Has a `<video>` play a recording: from its address, or part by part where that does not play.
import { type RefObject, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/context';
import { playParts } from './parts';
import { recordingPath } from './wire';

export interface Playing {
  video: RefObject<HTMLVideoElement | null>;
  /** For the element; undefined where it is fed. */
  src: string | undefined;
  /** Whether it cannot be played here. */
  broken: boolean;
  onError: () => void;
}

export function useVideo(id: string): Playing {
  const { backend } = useServices();
  const { videoUrls } = backend.capabilities;
  const [broken, setBroken] = useState(false);
  const video = useRef<HTMLVideoElement>(null);
  const media = (what: string) => backend.mediaUrl(`${recordingPath(id)}/${what}`);
  const playlist = media('playlist.m3u8');
  useEffect(() => {
    if (videoUrls || !video.current) return;
    return playParts(video.current, playlist, () => setBroken(true));
  }, [videoUrls, playlist]);
  return {
    video,
    src: videoUrls ? media('video') : undefined,
    broken,
    onError: () => setBroken(true),
  };
}
