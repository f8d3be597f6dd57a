// What a test of a camera found: its picture and facts, or what to try instead.
import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '../components/ui/button';
import { sentence } from '../lib/sentence';
import { codecName } from './codec';
import { EXPLAINED, isOneOf, type Probe, type ProbeState, type Refusal, WARNED } from './probe';

interface ProbeViewProps {
  state: ProbeState;
  onCancel: () => void;
}

/** Always there, so that screen readers hear what appears in it. */
export function ProbeView({ state, onCancel }: ProbeViewProps) {
  const { t } = useTranslation();
  return (
    <div role="status" data-testid="probe" data-state={state.at}>
      {state.at === 'running' && (
        <div className="flex items-center gap-3 rounded-lg bg-raised p-3 text-sm">
          <progress className="w-24 accent-accent" aria-label={t('probe.running')} />
          <span className="flex-1">{t('probe.running')}</span>
          <Button data-testid="probe-cancel" onClick={onCancel}>
            {t('probe.cancel')}
          </Button>
        </div>
      )}
      {state.at === 'done' && <Found probe={state.probe} />}
      {state.at === 'failed' && <Refused refusal={state.refusal} />}
    </div>
  );
}

function Found({ probe }: { probe: Probe }) {
  const { t, i18n } = useTranslation();
  const { video, audio, picture, warnings } = probe;
  const number = (value: number) =>
    new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 }).format(value);
  const facts = [
    [t('probe.codec'), codecName(video.codec)],
    [t('probe.size'), `${video.width} × ${video.height}`],
    [t('probe.fps'), video.fps === null ? null : number(video.fps)],
    [
      t('probe.bitrate'),
      video.bitrate_kbps === null ? null : `${number(video.bitrate_kbps / 1000)} Mbit/s`,
    ],
    [t('probe.audio'), audio === null ? t('probe.silent') : t('probe.notCarried', { audio })],
  ].filter(([, value]) => value !== null);
  return (
    <div className="space-y-3 rounded-lg border border-line p-3 text-sm">
      <p className="flex items-center gap-2 font-medium">
        <CircleCheck aria-hidden className="size-4 shrink-0" />
        {t('probe.works')}
      </p>
      {picture && (
        <img
          src={picture}
          alt={t('probe.picture')}
          className="max-h-48 w-full rounded-md bg-[#161e29] object-contain"
        />
      )}
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 select-text">
        {facts.map(([term, value]) => (
          <div key={term} className="contents">
            <dt className="text-quiet">{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {warnings.map(({ code, message }) => (
        <p key={code} className="flex gap-2" data-testid={`probe-warning-${code}`}>
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
          {isOneOf(WARNED, code) ? t(`probe.warning.${code}`) : sentence(message)}
        </p>
      ))}
    </div>
  );
}

function Refused({ refusal }: { refusal: Refusal }) {
  const { t } = useTranslation();
  const { code, message } = refusal;
  return (
    <div className="flex gap-2 rounded-lg border border-error p-3 text-sm" data-code={code}>
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-error" />
      <div className="min-w-0 space-y-1 break-words select-text">
        <p className="font-medium">
          {isOneOf(EXPLAINED, code) ? t(`probe.failed.${code}`) : t('probe.failed.other')}
        </p>
        <p className="text-quiet">{sentence(message)}</p>
      </div>
    </div>
  );
}
