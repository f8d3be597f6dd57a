// The first minute: one sentence, two choices.
import { Play, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
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
      <div className="max-w-md text-center">
        <img src={logo} alt="" className="mx-auto size-20" />
        <h1 className="mt-6 text-2xl font-semibold tracking-tight">{t('empty.title')}</h1>
        <p className="mt-2 text-base text-balance text-quiet">{t('empty.sentence')}</p>
        <div className="mt-8 flex flex-wrap justify-center gap-3">
          <Button
            variant="primary"
            size="large"
            data-testid="empty-try-demo"
            disabled={starting}
            onClick={() => void tryDemo()}
          >
            <Play aria-hidden />
            {t('empty.tryDemo')}
          </Button>
          <Button size="large" data-testid="empty-add" onClick={onAdd}>
            <Plus aria-hidden />
            {t('app.addCamera')}
          </Button>
        </div>
      </div>
    </section>
  );
}
