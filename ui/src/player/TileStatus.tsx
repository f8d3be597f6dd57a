// What a tile says when something is wrong: state, reason, age of the picture, next try.
// A healthy one says it to screen readers only.
import { CircleAlert, KeyRound, Loader, PauseCircle, TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Stream } from '../backend';
import type { Health, TileState } from '../cameras/health';
import { cn } from '../lib/cn';
import { duration } from '../lib/duration';
import { sentence } from '../lib/sentence';

const ICONS: Record<Exclude<TileState, 'online'>, typeof Loader> = {
  connecting: Loader,
  late: TriangleAlert,
  stalled: TriangleAlert,
  reconnecting: TriangleAlert,
  auth_failed: KeyRound,
  error: CircleAlert,
  stopped: PauseCircle,
};

// On top of a dark picture in both themes, so these are not theme colours.
const TONES = { quiet: 'text-white', warning: 'text-[#ffcf70]', error: 'text-[#ffa59d]' };

interface TileStatusProps {
  camera: Stream;
  health: Health;
  hasPicture: boolean;
}

export function TileStatus({ camera, health, hasPicture }: TileStatusProps) {
  const { t } = useTranslation();
  const testId = `tile-status-${camera.stream_id}`;
  const { state } = health;
  if (state === 'online') {
    return (
      <span data-testid={testId} className="sr-only">
        {t('state.online')}
      </span>
    );
  }
  const Icon = ICONS[state];
  const facts: string[] = [];
  if (hasPicture && health.pictureAge !== null && state !== 'connecting') {
    facts.push(t('tile.pictureAge', { age: duration(t, health.pictureAge) }));
  }
  if (health.nextTry !== null) {
    const soon = health.nextTry < 500;
    facts.push(
      soon ? t('tile.tryingNow') : t('tile.nextTry', { time: duration(t, health.nextTry) }),
    );
  }
  return (
    <div
      data-testid={testId}
      className="pointer-events-none absolute inset-0 flex flex-col justify-end gap-1 p-3 @min-[26rem]:p-5"
    >
      <p className="shrink-0 truncate pr-10 text-sm font-medium text-white/90">{camera.name}</p>
      <p
        className={cn(
          'flex shrink-0 items-center gap-2 text-base font-semibold @min-[26rem]:text-lg',
          TONES[health.tone],
        )}
      >
        <Icon
          aria-hidden
          className={cn(
            'size-[1.15em] shrink-0',
            state === 'connecting' && 'motion-safe:animate-spin',
          )}
        />
        {t(`state.${state}`)}
      </p>
      <p className="line-clamp-3 max-w-[60ch] shrink-0 text-sm text-white/90 low:line-clamp-2 lower:line-clamp-1 lowest:hidden">
        {health.reason === null ? t(`hint.${state}`) : sentence(health.reason)}
      </p>
      {facts.length > 0 && (
        <p className="flex shrink-0 flex-wrap gap-x-3 text-sm text-white/80 flat:hidden">
          {facts.map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </p>
      )}
    </div>
  );
}
