// `#/scan`: finds the cameras of this network and adds as many of them as one likes.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Page } from '../app/Page';
import { useShell } from '../app/shell';
import { Button } from '../components/ui/button';
import { sentence } from '../lib/sentence';
import { Found } from './Found';
import { NothingFound } from './NothingFound';
import { ScanProgress } from './ScanProgress';
import { StartScan } from './StartScan';
import { type Refusal, refusalOf, useScan } from './useScan';

export default function ScanPage() {
  const { t } = useTranslation();
  const { openAdd } = useShell();
  const { scan, loading, refusal, start, cancel, signIn, add } = useScan();
  const [failed, setFailed] = useState<Refusal | null>(null);
  const [again, setAgain] = useState(false);

  const begin = async (sweep: boolean) => {
    setFailed(null);
    setAgain(false);
    await start(sweep);
  };
  const stop = () => cancel().catch((cause) => setFailed(refusalOf(cause)));
  const asking = again || !scan;
  const problem = refusal ?? failed;

  return (
    <Page title={t('scan.title')} back={{ page: 'cameras' }}>
      <p className="mb-5 text-quiet">{t('scan.intro')}</p>
      {problem && <Problem refusal={problem} onByHand={() => openAdd()} />}
      {asking && !loading && (
        <StartScan
          off={problem !== null && unavailable(problem)}
          onStart={(sweep) => begin(sweep)}
        />
      )}
      {scan && !asking && (
        <div className="space-y-6">
          <ScanProgress scan={scan} onCancel={() => void stop()} onAgain={() => setAgain(true)} />
          {scan.found.length > 0 && (
            <Found
              key={scan.id}
              scan={scan}
              signIn={signIn}
              add={add}
              onByHand={(url) => openAdd({ url })}
            />
          )}
          {scan.found.length === 0 && scan.state !== 'running' && (
            <NothingFound
              swept={scan.sweep}
              onSweep={() => void begin(true)}
              onByHand={() => openAdd()}
            />
          )}
        </div>
      )}
    </Page>
  );
}

/** There is no use in trying again. */
const unavailable = ({ code, status }: Refusal) => code === 'scans_off' || status === 404;

function Problem({ refusal, onByHand }: { refusal: Refusal; onByHand: () => void }) {
  const { t } = useTranslation();
  const { code, message } = refusal;
  const words =
    code === 'scans_off'
      ? t('scan.off')
      : unavailable(refusal)
        ? t('scan.unknown')
        : t('scan.failed', { reason: sentence(message) });
  return (
    <div
      role="alert"
      data-testid="scan-problem"
      className="mb-6 flex flex-wrap items-center gap-3 rounded-xl border border-line bg-warning-ground p-4 text-sm"
    >
      <p className="min-w-64 flex-1 select-text">{words}</p>
      <Button onClick={onByHand}>{t('scan.byHand')}</Button>
    </div>
  );
}
