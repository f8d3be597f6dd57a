// Plays one recording; the ones before and after it are a key away.
import { ChevronLeft, ChevronRight, Download, Trash2 } from 'lucide-react';
import { type KeyboardEvent, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { codecName } from '../cameras/codec';
import { Button } from '../components/ui/button';
import { Dialog } from '../components/ui/dialog';
import { bytes } from '../lib/bytes';
import { lengthWords, momentWords } from './days';
import { useVideo } from './useVideo';
import type { Recording } from './wire';

interface PlayerDialogProps {
  id: string;
  /** Newest first. */
  recordings: Recording[];
  onPlay: (id: string) => void;
  onClose: () => void;
  onSave: (recording: Recording) => void;
  onDelete: (recording: Recording) => void;
}

export function PlayerDialog(props: PlayerDialogProps) {
  const { id, recordings, onPlay, onClose, onSave, onDelete } = props;
  const { t, i18n } = useTranslation();
  const at = recordings.findIndex((one) => one.id === id);
  const recording = recordings[at];
  if (!recording) return null;
  const older = recordings[at + 1];
  const newer = recordings[at - 1];

  const onKeyDown = (event: KeyboardEvent) => {
    const next = { PageDown: older, PageUp: newer }[event.key];
    if (!next) return;
    event.preventDefault();
    onPlay(next.id);
  };

  const { name, started_at, duration_seconds, codec, width, height, in_progress } = recording;
  const facts = [
    in_progress ? t('recordings.live') : lengthWords(duration_seconds),
    bytes(i18n.language, recording.bytes),
    `${codecName(codec)} ${width} × ${height}`,
  ];
  return (
    <Dialog
      open
      holds="pictures"
      onClose={onClose}
      title={name}
      description={`${momentWords(started_at, i18n.language)} · ${facts.join(' · ')}`}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys of the whole dialog */}
      <div role="presentation" onKeyDown={onKeyDown} className="mt-4">
        <Video key={id} recording={recording} onSave={() => onSave(recording)} />
        <div className="mt-4 flex flex-wrap items-center gap-2">
          <Button
            size="icon"
            aria-label={t('recordings.newer')}
            title={t('recordings.newer')}
            disabled={!newer}
            onClick={() => newer && onPlay(newer.id)}
          >
            <ChevronLeft aria-hidden />
          </Button>
          <Button
            size="icon"
            aria-label={t('recordings.older')}
            title={t('recordings.older')}
            disabled={!older}
            onClick={() => older && onPlay(older.id)}
          >
            <ChevronRight aria-hidden />
          </Button>
          <span className="flex-1" />
          {!in_progress && (
            <Button
              variant="quiet"
              className="text-error"
              data-testid="player-delete"
              onClick={() => onDelete(recording)}
            >
              <Trash2 aria-hidden />
              {t('recordings.delete')}
            </Button>
          )}
          <Button data-testid="player-save" onClick={() => onSave(recording)}>
            <Download aria-hidden />
            {t('recordings.save')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function Video({ recording, onSave }: { recording: Recording; onSave: () => void }) {
  const { t } = useTranslation();
  const { id, codec, width, height } = recording;
  const { video, src, broken, onError } = useVideo(id);
  // Space and the arrows work at once.
  useEffect(() => video.current?.focus(), [video]);
  if (broken) {
    return (
      <div
        role="alert"
        data-testid="player-broken"
        className="grid aspect-video max-h-[65vh] w-full place-items-center rounded-lg bg-raised p-6 text-center"
      >
        <div className="max-w-sm">
          <p className="font-medium">
            {codec === 'h265' ? t('recordings.noH265') : t('recordings.notPlayed')}
          </p>
          <p className="mt-1 text-sm text-quiet">{t('recordings.notPlayedNote')}</p>
          <Button variant="primary" className="mt-4" onClick={onSave}>
            <Download aria-hidden />
            {t('recordings.save')}
          </Button>
        </div>
      </div>
    );
  }
  return (
    <video
      ref={video}
      data-testid="player-video"
      src={src}
      controls
      autoPlay
      muted
      playsInline
      className="max-h-[65vh] w-full rounded-lg bg-black object-contain"
      style={{ aspectRatio: `${width} / ${height}` }}
      onError={onError}
    />
  );
}
