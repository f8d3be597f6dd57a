// Events one below the other, newest first, with a heading for each day.
import { Circle, CircleAlert, CircleCheck, TriangleAlert, User } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { formatRoute } from '../app/routes';
import { readerName } from '../camera/reader';
import { codecName } from '../cameras/codec';
import { cn } from '../lib/cn';
import { sentence } from '../lib/sentence';
import { type FanlightEvent, isKnown, type Kind, kindOf } from './event';

const MARKS: Record<Kind, { icon: typeof Circle; tone: string }> = {
  good: { icon: CircleCheck, tone: 'text-text' },
  warning: { icon: TriangleAlert, tone: 'text-warning' },
  error: { icon: CircleAlert, tone: 'text-error' },
  reader: { icon: User, tone: 'text-quiet' },
  neutral: { icon: Circle, tone: 'text-quiet' },
};

interface EventListProps {
  events: FanlightEvent[];
  /** Names by id; without it the camera is known from around the list. */
  names?: Map<string, string>;
}

export function EventList({ events, names }: EventListProps) {
  const { i18n } = useTranslation();
  const day = new Intl.DateTimeFormat(i18n.language, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
  });
  const days = new Map<string, FanlightEvent[]>();
  for (const event of events) {
    const name = day.format(new Date(event.time));
    days.set(name, [...(days.get(name) ?? []), event]);
  }
  return (
    <div className="space-y-5">
      {[...days].map(([name, ofDay]) => (
        <div key={name}>
          <h3 className="mb-1.5 text-sm text-quiet">{name}</h3>
          <ol className="divide-y divide-line rounded-xl border border-line bg-surface">
            {ofDay.map((event) => (
              <Item key={event.id} event={event} names={names} />
            ))}
          </ol>
        </div>
      ))}
    </div>
  );
}

interface ItemProps {
  event: FanlightEvent;
  names: Map<string, string> | undefined;
}

function Item({ event, names }: ItemProps) {
  const { t, i18n } = useTranslation();
  const { icon: Icon, tone } = MARKS[kindOf(event)];
  const at = new Date(event.time);
  const clock = at.toLocaleTimeString(i18n.language);
  const words = isKnown(event.type)
    ? t(`events.what.${event.type}`, { reader: readerName(event.consumer?.name ?? '') })
    : event.type;
  const id = event.stream_id;
  const name = names?.get(id);
  return (
    <li className="flex items-start gap-3 px-3 py-2 text-sm">
      <Icon aria-hidden className={cn('mt-0.5 size-4 shrink-0', tone)} />
      <div className="min-w-0 flex-1">
        <p className="break-words select-text">
          {names && id !== '' && (
            <>
              {name === undefined ? (
                <span className="font-medium">{event.name ?? id}</span>
              ) : (
                <a
                  href={formatRoute({ page: 'camera', id })}
                  className="rounded font-medium hover:text-accent hover:underline"
                >
                  {name}
                </a>
              )}
              {' · '}
            </>
          )}
          {words}
        </p>
        <Detail event={event} />
      </div>
      <time
        dateTime={event.time}
        title={at.toLocaleString(i18n.language, { dateStyle: 'full', timeStyle: 'long' })}
        className="shrink-0 text-quiet"
      >
        {clock}
      </time>
    </li>
  );
}

function Detail({ event }: { event: FanlightEvent }) {
  const { t } = useTranslation();
  const { error, video, consumer } = event;
  const facts: string[] = [];
  if (error) facts.push(sentence(error.message));
  if (video) {
    facts.push(`${codecName(video.codec as 'h264')}, ${video.width} × ${video.height}`);
  }
  if (consumer?.pid) facts.push(t('camera.consumers.pid', { pid: consumer.pid }));
  if (facts.length === 0) return null;
  return <p className="break-words text-quiet select-text">{facts.join(' · ')}</p>;
}
