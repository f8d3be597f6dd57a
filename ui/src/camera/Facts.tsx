// What is known of a camera, in words: how it is, and what it sends.
import { useTranslation } from 'react-i18next';
import type { Stream } from '../backend';
import { codecName } from '../cameras/codec';
import { Since } from '../components/ui/since';
import { Trouble } from '../health/Trouble';

export function Facts({ camera, now }: { camera: Stream; now: number }) {
  const { t, i18n } = useTranslation();
  const { video, ingest, status } = camera;
  const number = (value: number) =>
    new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 }).format(value);
  const facts: [string, React.ReactNode][] = [];
  if (video) {
    facts.push([t('probe.codec'), codecName(video.codec)]);
    facts.push([t('probe.size'), `${video.width} × ${video.height}`]);
    if (video.fps !== null) facts.push([t('probe.fps'), number(video.fps)]);
    if (video.bitrate_kbps !== null) {
      facts.push([t('probe.bitrate'), `${number(video.bitrate_kbps / 1000)} Mbit/s`]);
    }
  }
  if (ingest) {
    const way = ingest.transport ? `, ${ingest.transport.toUpperCase()}` : '';
    facts.push([t('camera.facts.readBy'), t(`camera.facts.${ingest.path}`) + way]);
    const { audio } = ingest;
    const sound = audio === null ? t('probe.silent') : t('probe.notCarried', { audio });
    facts.push([t('probe.audio'), sound]);
  }
  const renditions = camera.renditions.map(({ width, height }) => `${width} × ${height}`);
  facts.push([t('camera.facts.decoded'), renditions.join(', ') || t('camera.facts.nothing')]);
  facts.push([t('camera.facts.readers'), String(camera.client_count)]);
  facts.push([t('camera.facts.added'), <Since key="added" time={camera.created_at} now={now} />]);

  return (
    <div className="min-w-72 flex-1 space-y-4 text-sm">
      {status.state !== 'online' && <Trouble status={status} now={now} />}
      {status.frozen_since && (
        <p className="text-warning">
          {t('camera.facts.frozen')} <Since time={status.frozen_since} now={now} />
        </p>
      )}
      <dl className="grid grid-cols-[auto_1fr] gap-x-5 gap-y-1.5 select-text">
        {facts.map(([term, value]) => (
          <div key={term} className="contents">
            <dt className="text-quiet">{term}</dt>
            <dd className="min-w-0 break-words">{value}</dd>
          </div>
        ))}
        <dt className="text-quiet">{t('add.url')}</dt>
        <dd className="min-w-0 break-all">{camera.rtsp_url}</dd>
      </dl>
      {ingest?.reason && <p className="text-quiet select-text">{ingest.reason}</p>}
    </div>
  );
}
