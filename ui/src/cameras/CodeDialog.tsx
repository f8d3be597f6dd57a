// Ready code for one camera, in the language of one's choice.
import { useTranslation } from 'react-i18next';
import { formatRoute } from '../app/routes';
import type { Stream } from '../backend';
import { Dialog } from '../components/ui/dialog';
import { Tabs } from '../components/ui/tabs';
import { CodeBlock } from './CodeBlock';
import { SNIPPETS } from './snippets';
import { TokenNote } from './TokenNote';
import { useTokenRequired } from './useTokenRequired';

interface CodeDialogProps {
  camera: Stream;
  apiUrl: string;
  onClose: () => void;
}

export function CodeDialog({ camera, apiUrl, onClose }: CodeDialogProps) {
  const { t } = useTranslation();
  const token = useTokenRequired();
  return (
    <Dialog
      open
      holds="code"
      onClose={onClose}
      title={t('code.title', { name: camera.name })}
      description={t('code.description')}
    >
      <div className="mt-4">
        <Tabs label={t('code.language')} tabs={SNIPPETS}>
          {(id) => {
            const snippet = SNIPPETS.find((one) => one.id === id);
            return (
              snippet && (
                <>
                  {token && <TokenNote from={snippet.tokenFrom} />}
                  <CodeBlock
                    code={snippet.make(apiUrl, camera.stream_id, token)}
                    testId="code-copy"
                  />
                </>
              )
            );
          }}
        </Tabs>
        <p className="mt-4 text-sm text-quiet">
          {t('code.firstTime')}{' '}
          <a
            href={formatRoute({ page: 'scripts' })}
            onClick={onClose}
            className="rounded text-accent hover:text-accent-hover"
          >
            {t('code.stepByStep')}
          </a>
        </p>
      </div>
    </Dialog>
  );
}
