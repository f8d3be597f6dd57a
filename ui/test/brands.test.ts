// The makers' paths, and when they are offered.
import { describe, expect, it } from 'vitest';
import { BRANDS, type BrandId, fillIn, lacksPath } from '../src/cameras/brands';

const brand = (id: BrandId) => {
  const found = BRANDS.find((one) => one.id === id);
  if (!found) throw new Error(`no brand ${id}`);
  return found;
};

describe('the streams of a brand', () => {
  it.each<[BrandId, number, string, string]>([
    ['hikvision', 1, '/Streaming/Channels/101', '/Streaming/Channels/102'],
    ['hikvision', 17, '/Streaming/Channels/1701', '/Streaming/Channels/1702'],
    ['dahua', 2, '/cam/realmonitor?channel=2&subtype=0', '/cam/realmonitor?channel=2&subtype=1'],
    ['amcrest', 1, '/cam/realmonitor?channel=1&subtype=0', '/cam/realmonitor?channel=1&subtype=1'],
    ['reolink', 1, '/h264Preview_01_main', '/h264Preview_01_sub'],
    ['reolink', 12, '/h264Preview_12_main', '/h264Preview_12_sub'],
    [
      'axis',
      1,
      '/axis-media/media.amp?videocodec=h264',
      '/axis-media/media.amp?videocodec=h264&resolution=640x480',
    ],
    [
      'axis',
      3,
      '/axis-media/media.amp?camera=3&videocodec=h264',
      '/axis-media/media.amp?camera=3&videocodec=h264&resolution=640x480',
    ],
    ['tapo', 1, '/stream1', '/stream2'],
    ['onvif', 1, '/onvif1', '/onvif2'],
  ])('%s, channel %i', (id, channel, main, sub) => {
    expect(fillIn(brand(id), 'rtsp://192.0.2.7:8554/', channel)).toEqual({
      main: `rtsp://192.0.2.7:8554${main}`,
      sub: `rtsp://192.0.2.7:8554${sub}`,
    });
  });

  it('is not guessed where every camera has another', () => {
    expect(fillIn(brand('ubiquiti'), 'rtsp://192.0.2.7', 1)).toBeNull();
  });
});

describe('an address without a path', () => {
  it.each([
    ['rtsp://192.0.2.7', true],
    ['rtsp://192.0.2.7/', true],
    ['rtsps://[2001:db8::7]:322', true],
    ['rtsp://192.0.2.7/live', false],
    ['rtsp://192.0.2.7?profile=1', false],
    ['http://192.0.2.7', false],
    ['demo:', false],
    ['rtsp://', false],
    ['', false],
  ])('%j: %s', (url, lacks) => expect(lacksPath(url)).toBe(lacks));
});
