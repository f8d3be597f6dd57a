// How long ago, in words that stay short; the exact time on hover and for screen readers.
import { useTranslation } from 'react-i18next';
import { cn } from '../../lib/cn';
import { duration } from '../../lib/duration';

interface SinceProps {
  /** RFC 3339. */
  time: string;
  now: number;
  className?: string;
}

export function Since({ time, now, className }: SinceProps) {
  const { t, i18n } = useTranslation();
  const at = new Date(time);
  const exact = at.toLocaleString(i18n.language, { dateStyle: 'medium', timeStyle: 'medium' });
  return (
    <time dateTime={time} title={exact} className={cn('whitespace-nowrap', className)}>
      {duration(t, now - at.getTime())}
    </time>
  );
}
