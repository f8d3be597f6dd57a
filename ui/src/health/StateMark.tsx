// The state of a camera as an icon and a word, in the colours of the theme.
import {
  CircleAlert,
  CircleCheck,
  KeyRound,
  Loader,
  PauseCircle,
  TriangleAlert,
} from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { StreamState } from '../backend';
import { cn } from '../lib/cn';

const MARKS: Record<StreamState, { icon: typeof Loader; tone: string }> = {
  online: { icon: CircleCheck, tone: 'text-text' },
  connecting: { icon: Loader, tone: 'text-quiet' },
  stopped: { icon: PauseCircle, tone: 'text-quiet' },
  stalled: { icon: TriangleAlert, tone: 'text-warning' },
  reconnecting: { icon: TriangleAlert, tone: 'text-warning' },
  auth_failed: { icon: KeyRound, tone: 'text-error' },
  error: { icon: CircleAlert, tone: 'text-error' },
};

export function StateMark({ state, className }: { state: StreamState; className?: string }) {
  const { t } = useTranslation();
  const { icon: Icon, tone } = MARKS[state];
  return (
    <span
      className={cn(
        'inline-flex items-center gap-1.5 text-sm font-medium whitespace-nowrap',
        tone,
        className,
      )}
    >
      <Icon
        aria-hidden
        className={cn('size-4 shrink-0', state === 'connecting' && 'motion-safe:animate-spin')}
      />
      {t(`state.${state}`)}
    </span>
  );
}
