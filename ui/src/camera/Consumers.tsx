// Who reads the camera, and what each gets; each can be disconnected, asked once in its row.
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useServices } from '../app/context';
import { type Consumer, streamPath } from '../backend';
import { Button } from '../components/ui/button';
import { Since } from '../components/ui/since';
import { sentence } from '../lib/sentence';
import { apiKey, isMissing, messageOf } from '../lib/useApi';
import { readerName } from './reader';

const KINDS = [
  'http',
  'websocket',
  'shared_memory',
  'window',
  'browser',
  'recorder',
  'relay',
] as const;
const NUMBER = 'px-3 py-2 text-right';

interface ConsumersProps {
  streamId: string;
  consumers: Consumer[];
  now: number;
}

export function Consumers({ streamId, consumers, now }: ConsumersProps) {
  const { t } = useTranslation();
  if (consumers.length === 0) {
    return (
      <p className="rounded-xl border border-line bg-surface p-4 text-sm text-quiet">
        {t('camera.consumers.none')}
      </p>
    );
  }
  const head = 'px-3 py-2 font-medium';
  return (
    <div className="overflow-x-auto rounded-xl border border-line bg-surface">
      <table className="w-full min-w-180 text-sm">
        <thead className="text-left text-quiet">
          <tr className="border-b border-line">
            <th className={head}>{t('camera.consumers.name')}</th>
            <th className={head}>{t('camera.consumers.gets')}</th>
            <th className={`${head} text-right`}>{t('camera.consumers.fps')}</th>
            <th className={`${head} text-right`}>{t('camera.consumers.dropped')}</th>
            <th className={`${head} text-right`}>{t('camera.consumers.lag')}</th>
            <th className={`${head} text-right`}>{t('camera.consumers.since')}</th>
            <th className={head}>
              <span className="sr-only">{t('camera.consumers.disconnect')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {consumers.map((consumer) => (
            <Row key={consumer.id} streamId={streamId} consumer={consumer} now={now} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  streamId: string;
  consumer: Consumer;
  now: number;
}

function Row({ streamId, consumer, now }: RowProps) {
  const { t, i18n } = useTranslation();
  const name = readerName(consumer.name);
  const kind = KINDS.find((each) => each === consumer.kind);
  const number = (value: number, digits = 0) =>
    new Intl.NumberFormat(i18n.language, { maximumFractionDigits: digits }).format(value);
  return (
    <tr className="border-b border-line last:border-0" data-testid={`consumer-${consumer.id}`}>
      <td className="max-w-80 px-3 py-2">
        <p className="truncate font-medium select-text" title={consumer.name}>
          {name}
        </p>
        <p className="text-quiet">
          {kind ? t(`camera.kind.${kind}`) : consumer.kind}
          {consumer.pid !== null && (
            <span className="select-text">
              {' '}
              · {t('camera.consumers.pid', { pid: consumer.pid })}
            </span>
          )}
        </p>
      </td>
      <td className="px-3 py-2">
        <p className="whitespace-nowrap">
          {consumer.width === null
            ? t('camera.consumers.packets')
            : `${consumer.width} × ${consumer.height}`}
        </p>
        <p className="text-quiet">
          {consumer.format.toUpperCase()}
          {consumer.stream === 'sub' && ` · ${t('camera.consumers.sub')}`}
        </p>
      </td>
      <td className={NUMBER}>{number(consumer.fps, 1)}</td>
      <td className={NUMBER}>{number(consumer.dropped_frames)}</td>
      <td className={NUMBER}>{consumer.lag_ms === null ? '–' : `${number(consumer.lag_ms)} ms`}</td>
      <td className={NUMBER}>
        <Since time={consumer.since} now={now} />
      </td>
      <td className="py-2 pr-3 pl-1">
        <Disconnect streamId={streamId} consumer={consumer} name={name} />
      </td>
    </tr>
  );
}

function Disconnect({ streamId, consumer, name }: Omit<RowProps, 'now'> & { name: string }) {
  const { t } = useTranslation();
  const { backend } = useServices();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [sending, setSending] = useState(false);

  const disconnect = async () => {
    setSending(true);
    const path = `${streamPath(streamId)}/consumers`;
    try {
      await backend.request('DELETE', `${path}/${consumer.id}`);
      toast.success(t('camera.consumers.done', { name }));
    } catch (cause) {
      // Whoever left by itself is as good as disconnected.
      if (!isMissing(cause)) toast.error(sentence(messageOf(cause)));
    }
    await client.invalidateQueries({ queryKey: apiKey(path) });
    setSending(false);
    setAsking(false);
  };

  if (!asking) {
    return (
      <div className="flex justify-end">
        <Button
          className="h-8 px-3"
          aria-label={t('camera.consumers.disconnectName', { name })}
          onClick={() => setAsking(true)}
        >
          {t('camera.consumers.disconnect')}
        </Button>
      </div>
    );
  }
  return (
    <fieldset
      className="flex items-center justify-end gap-2"
      onKeyDown={(event) => event.key === 'Escape' && setAsking(false)}
    >
      <legend className="sr-only">{t('camera.consumers.ask', { name })}</legend>
      <Button className="h-8 px-3" variant="quiet" autoFocus onClick={() => setAsking(false)}>
        {t('camera.consumers.keep')}
      </Button>
      <Button
        className="h-8 px-3"
        variant="danger"
        disabled={sending}
        onClick={() => void disconnect()}
      >
        {t('camera.consumers.confirm')}
      </Button>
    </fieldset>
  );
}
