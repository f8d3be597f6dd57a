// Where cameras of known makers keep their streams. Firmware differs, so a path is a good
// first guess that the test confirms; a recorder serves each of its cameras under a channel.

/** `paths` is null where each camera has another one, which only its app knows. */
export interface Brand {
  id: BrandId;
  name: string;
  paths: ((channel: number) => { main: string; sub: string }) | null;
  /** Whether recorders of this maker number their cameras in the path. */
  channels: boolean;
  /** The text `brand.hint.ID` says what has to be switched on at the camera first. */
  hint: boolean;
}

export type BrandId =
  | 'hikvision'
  | 'dahua'
  | 'reolink'
  | 'axis'
  | 'amcrest'
  | 'tapo'
  | 'ubiquiti'
  | 'onvif';

/** More than any recorder has. */
export const MOST_CHANNELS = 256;

/** Dahua makes Amcrest's cameras, too. */
const dahua = (channel: number) => ({
  main: `/cam/realmonitor?channel=${channel}&subtype=0`,
  sub: `/cam/realmonitor?channel=${channel}&subtype=1`,
});

export const BRANDS: readonly Brand[] = [
  {
    id: 'hikvision',
    name: 'Hikvision',
    paths: (channel) => ({
      main: `/Streaming/Channels/${channel}01`,
      sub: `/Streaming/Channels/${channel}02`,
    }),
    channels: true,
    hint: false,
  },
  { id: 'dahua', name: 'Dahua', paths: dahua, channels: true, hint: false },
  {
    id: 'reolink',
    name: 'Reolink',
    paths: (channel) => {
      const number = String(channel).padStart(2, '0');
      return { main: `/h264Preview_${number}_main`, sub: `/h264Preview_${number}_sub` };
    },
    channels: true,
    hint: true,
  },
  {
    id: 'axis',
    name: 'Axis',
    paths: (channel) => {
      // `camera` names the view of a video encoder or a camera of several lenses.
      const view = channel > 1 ? `camera=${channel}&` : '';
      return {
        main: `/axis-media/media.amp?${view}videocodec=h264`,
        sub: `/axis-media/media.amp?${view}videocodec=h264&resolution=640x480`,
      };
    },
    channels: true,
    hint: false,
  },
  { id: 'amcrest', name: 'Amcrest', paths: dahua, channels: true, hint: false },
  {
    id: 'tapo',
    name: 'TP-Link Tapo',
    paths: () => ({ main: '/stream1', sub: '/stream2' }),
    channels: false,
    hint: true,
  },
  { id: 'ubiquiti', name: 'Ubiquiti UniFi', paths: null, channels: false, hint: true },
  {
    id: 'onvif',
    name: 'ONVIF',
    paths: () => ({ main: '/onvif1', sub: '/onvif2' }),
    channels: false,
    hint: true,
  },
];

const PLAIN_RTSP = /^(rtsps?:\/\/[^/?#]+)\/?$/i;

/** Whether an address names a camera but none of its streams. */
export function lacksPath(url: string): boolean {
  return PLAIN_RTSP.test(url);
}

/** Up to the host, whether the address names a stream or not. */
const RTSP_HOST = /^(rtsps?:\/\/[^/?#]+)/i;

/** The addresses of both streams, whatever stream `url` names; null where the brand cannot tell them. */
export function fillIn(
  brand: Brand,
  url: string,
  channel: number,
): { main: string; sub: string } | null {
  const host = RTSP_HOST.exec(url)?.[1];
  if (!host || !brand.paths) return null;
  const { main, sub } = brand.paths(channel);
  return { main: host + main, sub: host + sub };
}
