// `#/scripts`: use a camera from one's own program, and see it arrive.
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Page } from '../app/Page';
import { formatRoute } from '../app/routes';
import { useShell } from '../app/shell';
import { useCameras } from '../cameras/useCameras';
import { useTokenRequired } from '../cameras/useTokenRequired';
import { Button } from '../components/ui/button';
import { Select } from '../components/ui/select';
import { Tabs } from '../components/ui/tabs';
import { sentence } from '../lib/sentence';
import { useApi } from '../lib/useApi';
import { LivePanel } from './LivePanel';
import { Steps } from './Steps';
import { Troubles } from './Troubles';
import { type Clients, pip, pipCli, WAYS } from './ways';

/** Until it is known, and where it cannot be asked. */
const NONE: Clients = { python: null, javascript: null };

export default function ScriptsPage() {
  const { t } = useTranslation();
  const { info, apiUrl, openAdd } = useShell();
  const { cameras } = useCameras();
  const token = useTokenRequired();
  const clients = useApi<Clients>('/api/clients').data ?? NONE;
  const [wanted, setWanted] = useState<string | null>(null);
  const [wayId, setWayId] = useState<string>('python');
  const way = WAYS.find(({ id }) => id === wayId) ?? WAYS[0];
  const all = cameras ?? [];
  const camera = all.find(({ stream_id }) => stream_id === wanted) ?? all[0];
  const apiError = info?.apiError;
  return (
    <Page title={t('scripts.title')} wide>
      <p className="mb-5 max-w-3xl text-quiet">{t('scripts.intro')}</p>
      {!cameras && <p className="text-sm text-quiet">{t('app.loading')}</p>}
      {cameras && !camera && (
        <div className="flex flex-wrap items-center gap-3">
          <p>{t('scripts.noCamera')}</p>
          <Button variant="primary" onClick={() => openAdd()}>
            {t('app.addCamera')}
          </Button>
          <a
            href={formatRoute({ page: 'scan' })}
            className="rounded text-sm text-accent hover:text-accent-hover"
          >
            {t('scan.title')}
          </a>
        </div>
      )}
      {camera && way && (
        <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
          <div className="min-w-0 space-y-6">
            {apiError && (
              <div
                role="alert"
                className="flex gap-3 rounded-xl border border-line bg-warning-ground p-4 text-sm"
              >
                <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
                <p className="select-text">
                  {t('scripts.apiError', { reason: sentence(apiError) })}
                </p>
              </div>
            )}
            <Select
              label={t('scripts.camera')}
              className="max-w-sm"
              value={camera.stream_id}
              data-testid="scripts-camera"
              onChange={(event) => setWanted(event.target.value)}
            >
              {all.map(({ stream_id, name }) => (
                <option key={stream_id} value={stream_id}>
                  {name}
                </option>
              ))}
            </Select>
            <Tabs label={t('code.language')} tabs={WAYS} value={way.id} onValue={setWayId}>
              {(id) => {
                const shown = WAYS.find((one) => one.id === id);
                return (
                  shown && (
                    <div className="rounded-2xl border border-line bg-surface p-5">
                      <Steps
                        way={shown}
                        apiUrl={apiUrl}
                        streamId={camera.stream_id}
                        token={token}
                        clients={clients}
                      />
                    </div>
                  )
                );
              }}
            </Tabs>
            <Troubles apiUrl={apiUrl} pip={pip(apiUrl, clients)} pipCli={pipCli(apiUrl, clients)} />
          </div>
          <div className="order-first lg:sticky lg:top-16 lg:order-none">
            <LivePanel key={camera.stream_id} camera={camera} pages={way.page} />
          </div>
        </div>
      )}
    </Page>
  );
}
