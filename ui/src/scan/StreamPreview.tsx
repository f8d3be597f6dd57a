// A picture of a stream, taken when a person asks for it.
import { Image } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { ProbeView } from '../cameras/ProbeView';
import { useProbe } from '../cameras/probe';
import { Button } from '../components/ui/button';
import { probeUrl } from './choose';
import type { FoundStream, SignIn } from './wire';

interface StreamPreviewProps {
  /** What the camera is called. */
  name: string;
  stream: FoundStream | undefined;
  signIn: SignIn | undefined;
}

export function StreamPreview({ name, stream, signIn }: StreamPreviewProps) {
  const { t } = useTranslation();
  const probe = useProbe(() => {});
  if (!stream) return null;
  return (
    <div className="max-w-md space-y-2">
      {probe.state.at !== 'running' && (
        <Button
          aria-label={t('scan.previewOf', { name })}
          onClick={() => void probe.start({ url: probeUrl(stream, signIn) })}
        >
          <Image aria-hidden />
          {t('scan.preview')}
        </Button>
      )}
      <ProbeView state={probe.state} onCancel={probe.reset} />
    </div>
  );
}
