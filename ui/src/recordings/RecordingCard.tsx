// One recording: its picture, which plays it, and what else can be done with it.
import { Download, EllipsisVertical, Film, FolderOpen, Play, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../app/context';
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from '../components/ui/menu';
import { bytes } from '../lib/bytes';
import { cn } from '../lib/cn';
import { lengthWords, momentWords, timeWords } from './days';
import { type Recording, recordingPath } from './wire';

interface RecordingCardProps {
  recording: Recording;
  chosen: boolean;
  onChoose: (wanted: boolean) => void;
  onPlay: () => void;
  onSave: () => void;
  onReveal: (() => void) | null;
  onDelete: () => void;
}

export function RecordingCard(props: RecordingCardProps) {
  const { recording, chosen, onChoose, onPlay, onSave, onReveal, onDelete } = props;
  const { t, i18n } = useTranslation();
  const { id, name, kind, started_at, duration_seconds, in_progress } = recording;
  const time = timeWords(started_at, i18n.language);
  const label = { name, time };
  return (
    <li
      data-testid={`recording-${id}`}
      className={cn(
        'relative overflow-hidden rounded-xl border bg-surface',
        chosen ? 'border-accent' : 'border-line',
      )}
    >
      <div className="relative">
        <button
          type="button"
          data-testid={`recording-play-${id}`}
          aria-label={t('recordings.play', label)}
          onClick={onPlay}
          className="group/play relative block aspect-video w-full bg-[#161e29] focus-visible:-outline-offset-2"
        >
          <Thumbnail recording={recording} />
          <span className="absolute inset-0 grid place-items-center bg-black/30 opacity-0 transition-opacity group-hover/play:opacity-100 group-focus-visible/play:opacity-100">
            <Play aria-hidden className="size-10 fill-white text-white" />
          </span>
        </button>
        <p className="pointer-events-none absolute inset-x-2 bottom-2 flex gap-2 text-xs font-medium text-white [&>span]:rounded [&>span]:bg-black/75 [&>span]:px-1.5 [&>span]:py-0.5">
          {kind === 'clip' && <span>{t('recordings.kind.clip')}</span>}
          <span className="ml-auto">
            {in_progress ? t('recordings.live') : lengthWords(duration_seconds)}
          </span>
        </p>
      </div>
      {!in_progress && (
        <span className="absolute top-0 left-0 grid size-9 place-items-center">
          <input
            type="checkbox"
            data-testid={`recording-choose-${id}`}
            aria-label={t('recordings.choose', label)}
            className="size-4.5 accent-accent"
            checked={chosen}
            onChange={(event) => onChoose(event.target.checked)}
          />
        </span>
      )}
      <div className="flex items-start gap-2 py-2 pr-1.5 pl-3">
        <div className="min-w-0 flex-1 text-sm">
          <p className="truncate font-medium">{name}</p>
          <p className="truncate text-quiet">
            <time dateTime={started_at} title={momentWords(started_at, i18n.language)}>
              {time}
            </time>
            {in_progress && ` · ${lengthWords(duration_seconds)}`}
            {` · ${bytes(i18n.language, recording.bytes)}`}
          </p>
        </div>
        <Menu modal={false}>
          <MenuTrigger
            data-testid={`recording-menu-${id}`}
            aria-label={t('recordings.menu', label)}
            className="grid size-9 shrink-0 place-items-center rounded-lg text-quiet hover:bg-raised hover:text-text"
          >
            <EllipsisVertical aria-hidden className="size-4.5" />
          </MenuTrigger>
          <MenuContent>
            <MenuItem onSelect={onSave}>
              <Download aria-hidden />
              {t('recordings.save')}
            </MenuItem>
            {onReveal && (
              <MenuItem onSelect={onReveal}>
                <FolderOpen aria-hidden />
                {t('recordings.reveal')}
              </MenuItem>
            )}
            <MenuSeparator />
            <MenuItem
              disabled={in_progress}
              data-testid={`recording-delete-${id}`}
              className="text-error data-disabled:opacity-60 [&_svg]:text-error"
              onSelect={onDelete}
            >
              <Trash2 aria-hidden />
              {in_progress ? t('recordings.stillWritten') : t('recordings.delete')}
            </MenuItem>
          </MenuContent>
        </Menu>
      </div>
    </li>
  );
}

/** Its name and time stand beside it, so the picture itself says nothing to screen readers. */
function Thumbnail({ recording }: { recording: Recording }) {
  const { backend } = useServices();
  const [missing, setMissing] = useState(false);
  if (missing) {
    return (
      <span className="absolute inset-0 grid place-items-center text-white/60">
        <Film aria-hidden className="size-8" />
      </span>
    );
  }
  return (
    <img
      src={backend.mediaUrl(`${recordingPath(recording.id)}/thumbnail?width=320`)}
      alt=""
      loading="lazy"
      draggable={false}
      className="absolute inset-0 size-full object-contain"
      onError={() => setMissing(true)}
    />
  );
}
