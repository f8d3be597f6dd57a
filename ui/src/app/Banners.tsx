// What stops Fanlight as a whole, each with a way out. One camera's trouble is on its tile.
import { PauseCircle, TriangleAlert, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppInfo } from '../backend';
import { Button } from '../components/ui/button';
import { Since } from '../components/ui/since';
import { sentence } from '../lib/sentence';
import { useNow } from '../lib/useNow';
import type { Pause } from './useLoad';

interface BannersProps {
  info: AppInfo | undefined;
  unreachable: boolean;
  pause: Pause | undefined;
  onCheckAgain: () => void;
}

export function Banners({ info, unreachable, pause, onCheckAgain }: BannersProps) {
  const { t } = useTranslation();
  const [dismissed, setDismissed] = useState<string[]>([]);
  const lasting: string[] = [];
  const notices: string[] = [];
  if (unreachable) lasting.push(t('banner.unreachable'));
  if (info?.ffmpegError)
    lasting.push(t('banner.ffmpegBroken', { reason: sentence(info.ffmpegError) }));
  else if (info && !info.ffmpeg) lasting.push(t('banner.ffmpegMissing'));
  if (info?.apiError) notices.push(sentence(info.apiError));
  if (info?.camerasNotice) notices.push(sentence(info.camerasNotice));

  return (
    <div aria-live="polite">
      {pause?.paused && <Paused pause={pause} />}
      {lasting.map((text) => (
        <Banner key={text} text={text}>
          <Button className="h-7 px-3" onClick={onCheckAgain}>
            {t('banner.checkAgain')}
          </Button>
        </Banner>
      ))}
      {notices
        .filter((text) => !dismissed.includes(text))
        .map((text) => (
          <Banner key={text} text={text}>
            <Button
              variant="quiet"
              className="size-7 px-0"
              aria-label={t('banner.dismiss')}
              onClick={() => setDismissed([...dismissed, text])}
            >
              <X aria-hidden />
            </Button>
          </Banner>
        ))}
    </div>
  );
}

function Paused({ pause }: { pause: Pause }) {
  const { t } = useTranslation();
  const now = useNow(true);
  return (
    <Banner
      icon={PauseCircle}
      text={
        <>
          {t('load.paused')}
          {pause.since && (
            // Its ticking is nothing to be read out.
            <span aria-live="off" className="text-quiet">
              {' · '}
              <Since time={pause.since} now={now} />
            </span>
          )}
        </>
      }
    >
      <Button
        className="h-7 px-3"
        data-testid="resume"
        disabled={pause.changing}
        onClick={() => void pause.set(false)}
      >
        {t('load.resume')}
      </Button>
    </Banner>
  );
}

interface BannerProps {
  icon?: typeof TriangleAlert;
  text: React.ReactNode;
  children: React.ReactNode;
}

function Banner({ icon: Icon = TriangleAlert, text, children }: BannerProps) {
  return (
    <div className="flex items-center gap-3 border-b border-line bg-warning-ground px-4 py-2 text-sm">
      <Icon aria-hidden className="size-4 shrink-0 text-warning" />
      <p className="flex-1 select-text">{text}</p>
      {children}
    </div>
  );
}
