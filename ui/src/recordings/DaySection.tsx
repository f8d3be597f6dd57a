// The recordings of one day, as cards.
import { useTranslation } from 'react-i18next';
import { bytes } from '../lib/bytes';
import { type Day, dayWords } from './days';
import { RecordingCard } from './RecordingCard';
import type { Recording } from './wire';

interface DaySectionProps {
  day: Day;
  chosen: ReadonlySet<string>;
  onChoose: (ids: string[], wanted: boolean) => void;
  onPlay: (id: string) => void;
  onSave: (recording: Recording) => void;
  /** Null where there is no file manager to show it in. */
  onReveal: ((recording: Recording) => void) | null;
  onDelete: (recording: Recording) => void;
}

export function DaySection(props: DaySectionProps) {
  const { day, chosen, onChoose, onPlay, onSave, onReveal, onDelete } = props;
  const { t, i18n } = useTranslation();
  const words = dayWords(day.start, Date.now(), i18n.language);
  // What is being written cannot be chosen: it can neither be deleted nor saved whole.
  const ids = day.recordings.filter((one) => !one.in_progress).map(({ id }) => id);
  const all = ids.length > 0 && ids.every((id) => chosen.has(id));
  const size = day.recordings.reduce((sum, one) => sum + one.bytes, 0);
  return (
    <section aria-label={words}>
      <div className="mb-2 flex items-center gap-3">
        <input
          type="checkbox"
          aria-label={t('recordings.chooseDay', { day: words })}
          className="size-4 accent-accent"
          checked={all}
          disabled={ids.length === 0}
          onChange={(event) => onChoose(ids, event.target.checked)}
        />
        <h2 className="font-semibold">{words}</h2>
        <p className="text-sm text-quiet">
          {t('recordings.count', { count: day.recordings.length })} · {bytes(i18n.language, size)}
        </p>
      </div>
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(15rem,1fr))] gap-3">
        {day.recordings.map((recording) => (
          <RecordingCard
            key={recording.id}
            recording={recording}
            chosen={chosen.has(recording.id)}
            onChoose={(wanted) => onChoose([recording.id], wanted)}
            onPlay={() => onPlay(recording.id)}
            onSave={() => onSave(recording)}
            onReveal={onReveal && (() => onReveal(recording))}
            onDelete={() => onDelete(recording)}
          />
        ))}
      </ul>
    </section>
  );
}
