// Why a camera is not online, what to try, and when it is tried again.
import { useTranslation } from 'react-i18next';
import type { StreamStatus } from '../backend';
import { isOneOf } from '../cameras/probe';
import { duration } from '../lib/duration';
import { sentence } from '../lib/sentence';

/** Failures for which there is something to try. */
const ADVISED = [
  'auth_failed',
  'camera_not_found',
  'camera_unreachable',
  'camera_timeout',
  'not_rtsp',
  'unsupported_codec',
  'tls_failed',
  'ffmpeg_missing',
  'decode_failed',
  'damaged_stream',
  'stalled',
  'paused',
] as const;

export function Trouble({ status, now }: { status: StreamStatus; now: number }) {
  const { t } = useTranslation();
  const { error, attempt, next_try: nextTry, state } = status;
  // A camera that is stopped or just connecting has nothing wrong with it.
  const hint = state === 'online' ? null : t(`hint.${state}`);
  const facts: string[] = [];
  if (attempt > 0) facts.push(t('health.attempts', { count: attempt }));
  if (nextTry !== null) {
    const wait = Date.parse(nextTry) - now;
    facts.push(wait < 500 ? t('tile.tryingNow') : t('tile.nextTry', { time: duration(t, wait) }));
  } else if (error) {
    facts.push(t('health.noTry'));
  }
  return (
    <div className="space-y-1 text-sm">
      <p>{error && isOneOf(ADVISED, error.code) ? t(`health.try.${error.code}`) : hint}</p>
      {error && (
        // The server's own words, which name what exactly was refused.
        <p className="break-words text-quiet select-text">{sentence(error.message)}</p>
      )}
      {facts.length > 0 && <p className="text-quiet">{facts.join(' · ')}</p>}
    </div>
  );
}
