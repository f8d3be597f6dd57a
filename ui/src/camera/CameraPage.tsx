// One camera: its picture, how it does, who reads it, what happened to it, and its settings.
import { Braces, RotateCw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useServices } from '../app/context';
import { Page } from '../app/Page';
import { navigate, type RouteOf } from '../app/routes';
import { useShell } from '../app/shell';
import { type Consumer, type Stream, streamPath } from '../backend';
import { CodeDialog } from '../cameras/CodeDialog';
import { useCameras } from '../cameras/useCameras';
import { Button } from '../components/ui/button';
import { Section } from '../components/ui/section';
import { Since } from '../components/ui/since';
import { StateMark } from '../health/StateMark';
import { sentence } from '../lib/sentence';
import { messageOf, useApi } from '../lib/useApi';
import { useNow } from '../lib/useNow';
import { RecordControls } from '../recordings/RecordControls';
import { CameraEvents } from './CameraEvents';
import { Charts } from './Charts';
import { Consumers } from './Consumers';
import { EditForm } from './EditForm';
import { Facts } from './Facts';
import { LivePicture } from './LivePicture';
import { useMinutes } from './useMinutes';

const CONSUMERS_EVERY_MS = 2000;
const NOBODY: Consumer[] = [];

export default function CameraPage({ route }: { route: RouteOf<'camera'> }) {
  const { t } = useTranslation();
  const { cameras, unreachable } = useCameras();
  const camera = cameras?.find(({ stream_id }) => stream_id === route.id);
  if (camera) return <OneCamera camera={camera} />;
  const looking = cameras === undefined && !unreachable;
  return (
    <Page title={looking ? t('page.loading') : t('camera.gone')} back={{ page: 'cameras' }}>
      {!looking && <p className="text-quiet">{t('camera.goneSentence', { id: route.id })}</p>}
    </Page>
  );
}

function OneCamera({ camera }: { camera: Stream }) {
  const { t } = useTranslation();
  const { backend } = useServices();
  const { apiUrl, askToRemove } = useShell();
  const [coding, setCoding] = useState(false);
  const now = useNow(true);
  const id = camera.stream_id;
  const { data } = useApi<{ consumers: Consumer[] }>(`${streamPath(id)}/consumers`, {
    every: CONSUMERS_EVERY_MS,
  });
  const consumers = data?.consumers ?? NOBODY;
  const minutes = useMinutes(id, consumers);

  const restart = async () => {
    try {
      await backend.request('POST', `${streamPath(id)}/restart`, {});
      toast.success(t('health.restarted', { name: camera.name }));
    } catch (cause) {
      toast.error(sentence(messageOf(cause)));
    }
  };

  return (
    <Page
      title={camera.name}
      back={{ page: 'cameras' }}
      wide
      beside={
        <span className="flex items-center gap-2 text-sm" data-testid="camera-state">
          <StateMark state={camera.status.state} />
          <span className="text-quiet">
            {t('camera.since')} <Since time={camera.status.since} now={now} />
          </span>
        </span>
      }
      actions={
        <>
          <Button onClick={() => void restart()}>
            <RotateCw aria-hidden />
            {t('health.restart')}
          </Button>
          <Button onClick={() => setCoding(true)} data-testid="camera-code">
            <Braces aria-hidden />
            {t('code.menu')}
          </Button>
          <Button
            data-testid="camera-remove"
            onClick={() => askToRemove(camera, () => navigate({ page: 'cameras' }))}
          >
            <Trash2 aria-hidden />
            {t('tile.remove')}
          </Button>
        </>
      }
    >
      <div className="space-y-7">
        <div className="flex flex-wrap gap-x-6 gap-y-5 lg:flex-nowrap">
          <LivePicture camera={camera} now={now} />
          <Facts camera={camera} now={now} />
        </div>
        <Section title={t('record.title')}>
          <RecordControls camera={camera} />
        </Section>
        <Section title={t('camera.chart.title')} beside={t('camera.chart.span')} bare>
          <Charts minutes={minutes} />
        </Section>
        <Section title={t('camera.consumers.title')} beside={consumers.length} bare>
          <Consumers streamId={id} consumers={consumers} now={now} />
        </Section>
        <div className="grid items-start gap-x-5 gap-y-7 lg:grid-cols-2">
          <Section title={t('camera.edit.title')}>
            <EditForm camera={camera} />
          </Section>
          <CameraEvents streamId={id} />
        </div>
      </div>
      {coding && <CodeDialog camera={camera} apiUrl={apiUrl} onClose={() => setCoding(false)} />}
    </Page>
  );
}
