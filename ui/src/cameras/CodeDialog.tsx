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

/** The ids become part of ids in the page, which must not hold spaces. */
const SNIPPETS = [
  { id: 'video-capture', name: 'Python VideoCapture', make: videoCaptureSnippet },
  { id: 'python', name: 'Python RTSPStreamClient', make: pythonSnippet },
  { id: 'curl', name: 'curl', make: curlSnippet },
  { id: 'ffmpeg', name: 'FFmpeg', make: ffmpegSnippet },
  { id: 'javascript', name: 'JavaScript', make: jsSnippet },
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
      <Tabs.Root defaultValue="video-capture" className="mt-4">
        <Tabs.List aria-label={t('code.language')} className="flex flex-wrap gap-1">
          {SNIPPETS.map(({ id, name }) => (
            <Tabs.Trigger
              key={id}
              value={id}
              className="h-9 rounded-lg px-3 text-sm font-medium text-quiet hover:bg-raised data-[state=active]:bg-raised data-[state=active]:text-text"
            >
              {name}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {SNIPPETS.map(({ id, make }) => {
          const code = make(apiUrl, camera.stream_id);
          return (
            <Tabs.Content key={id} value={id} className="mt-3 space-y-3">
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
