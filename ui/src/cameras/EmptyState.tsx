// The first minute: one sentence, three choices.
import { Play, Plus, Radar } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { navigate } from '../app/routes';
import logo from '../assets/logo.svg';
import { Button } from '../components/ui/button';
import { sentence } from '../lib/sentence';
import { useCameraActions } from './useCameras';

/** The built-in camera: needs no hardware and no network. */
const DEMO = { stream_id: 'demo', rtsp_url: 'demo:' };

export function EmptyState({ onAdd }: { onAdd: () => void }) {
  const { t } = useTranslation();
  const { add } = useCameraActions();
  const [starting, setStarting] = useState(false);

  const tryDemo = async () => {
    setStarting(true);
    try {
      await add({ ...DEMO, name: t('empty.demoName') });
    } catch (cause) {
      toast.error(sentence(cause instanceof Error ? cause.message : String(cause)));
    }
    setStarting(false);
  };

  return (
    <section className="grid flex-1 place-items-center p-8 fade-in">
      <div className="max-w-xl text-center">
        <img src={logo} alt="" className="mx-auto size-20" />
        <h1 className="mt-6 text-2xl font-semibold tracking-tight">{t('empty.title')}</h1>
        <p className="mx-auto mt-2 max-w-md text-base text-balance text-quiet">
          {t('empty.sentence')}
        </p>
        <div className="mt-8 flex flex-wrap justify-center gap-3">
          <Button
            variant="primary"
            size="large"
            data-testid="empty-scan"
            onClick={() => navigate({ page: 'scan' })}
          >
            <Radar aria-hidden />
            {t('scan.title')}
          </Button>
          <Button size="large" data-testid="empty-add" onClick={onAdd}>
            <Plus aria-hidden />
            {t('app.addCamera')}
          </Button>
          <Button
            size="large"
            data-testid="empty-try-demo"
            disabled={starting}
            onClick={() => void tryDemo()}
          >
            <Play aria-hidden />
            {t('empty.tryDemo')}
          </Button>
        </div>
      </div>
    </section>
  );
}
