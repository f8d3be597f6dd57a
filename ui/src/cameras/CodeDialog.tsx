// Ready code for one camera, in the language of one's choice.
import { Copy } from 'lucide-react';
import { Tabs } from 'radix-ui';
import { useTranslation } from 'react-i18next';
import type { Stream } from '../backend';
import { Button } from '../components/ui/button';
import { Dialog } from '../components/ui/dialog';
import { copyText } from '../lib/copy';
import {
  curlSnippet,
  ffmpegSnippet,
  jsSnippet,
  pythonSnippet,
  videoCaptureSnippet,
} from './snippets';

const SNIPPETS = [
  { name: 'Python VideoCapture', make: videoCaptureSnippet },
  { name: 'Python RTSPStreamClient', make: pythonSnippet },
  { name: 'curl', make: curlSnippet },
  { name: 'FFmpeg', make: ffmpegSnippet },
  { name: 'JavaScript', make: jsSnippet },
];

interface CodeDialogProps {
  camera: Stream;
  apiUrl: string;
  onClose: () => void;
}

export function CodeDialog({ camera, apiUrl, onClose }: CodeDialogProps) {
  const { t } = useTranslation();
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('code.title', { name: camera.name })}
      description={t('code.description')}
    >
      <Tabs.Root defaultValue="Python VideoCapture" className="mt-4">
        <Tabs.List aria-label={t('code.language')} className="flex flex-wrap gap-1">
          {SNIPPETS.map(({ name }) => (
            <Tabs.Trigger
              key={name}
              value={name}
              className="h-9 rounded-lg px-3 text-sm font-medium text-quiet hover:bg-raised data-[state=active]:bg-raised data-[state=active]:text-text"
            >
              {name}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {SNIPPETS.map(({ name, make }) => {
          const code = make(apiUrl, camera.stream_id);
          return (
            <Tabs.Content key={name} value={name} className="mt-3 space-y-3">
              <pre className="overflow-x-auto rounded-lg border border-line bg-ground p-3 text-sm whitespace-pre-wrap select-text">
                {code}
              </pre>
              <Button variant="primary" data-testid="code-copy" onClick={() => void copyText(code)}>
                <Copy aria-hidden />
                {t('code.copy')}
              </Button>
            </Tabs.Content>
          );
        })}
      </Tabs.Root>
    </Dialog>
  );
}
